import { open, writeFile } from "node:fs/promises";
import { type Command, CommanderError, InvalidArgumentError, Option } from "commander";
import { TsworkerError } from "../../errors.js";
import { checkEngine } from "../../load/check-engine.js";
import { type FailCondition, metConditions, readFailConditions } from "../../load/fail-conditions.js";
import type { LoadOptions } from "../../load/load-options.js";
import type { LoadResult } from "../../load/load-result.js";
import { LoadTest } from "../../load/load-test.js";
import { PAYLOAD_ORDERS, type PayloadOrder } from "../../load/payload-order.js";
import { readPayloads } from "../../load/payloads.js";
import { reportPage } from "../../load/report-page.js";
import { PROFILES } from "../../load/schedule.js";
import { addEngineFlags, type EngineFlags, engineAccess } from "../engine-flags.js";
import { spansText } from "../inspect/inspect-span.js";
import { INTERRUPTED, interruption } from "../interruption.js";
import { count, numberFrom, positive, seconds } from "../option-values.js";
import { type ArrivalFlags, arrivalsOf } from "./load-arrivals.js";
import { LoadDisplay } from "./load-display.js";
import { reportRows } from "./load-view.js";

interface LoadCommandOptions extends EngineFlags, ArrivalFlags {
  readonly route: string;
  readonly payload?: string;
  readonly order: PayloadOrder;
  readonly seed: number;
  readonly stream?: boolean;
  readonly json?: string;
  readonly html?: string;
  readonly interval: number;
  readonly failOn: readonly FailCondition[];
}

/** Exit code of a test that met a condition of `--fail-on`. */
const FAILED = 3;

const DEFAULT_PAYLOAD = { prompt: "Write a short story about a lighthouse.", max_tokens: 64 };

/** `tsworker load`: sends requests through an engine, and measures what becomes of them. */
export function addLoadCommand(program: Command): void {
  const command = program
    .command("load")
    .description("test an endpoint under load: send requests through an engine and measure them");
  addEngineFlags(command)
    .option("-n, --requests <count>", "how many requests to send", count)
    .option("--rps <rate>", "how many arrive per second, on average; -rps is the same", positive)
    .option("--duration <seconds>", "how long requests are sent", seconds)
    .addOption(
      new Option("--profile <profile>", "how the rate goes up and down").choices(PROFILES).default("steady"),
    )
    .option("--concurrency <count>", "keep so many under way instead, each following another one", count)
    .option("--max-in-flight <count>", "what arrives while so many are under way is not sent", count, 1000)
    .option("--route <path>", "route of the worker", "/v1/completions")
    .option("--payload <file>", "what to send: a JSON object, an array of them, or one per line")
    .addOption(
      new Option("--order <order>", "how to choose among several payloads")
        .choices(PAYLOAD_ORDERS)
        .default("turn"),
    )
    .option("--seed <number>", "seed of --order random", numberFrom(0), 1)
    .option("--stream", "ask for streams: payloads are sent with stream: true")
    .option("--json <file>", "write the result as JSON")
    .option("--html <file>", "write the report as a page with plots")
    .option("--interval <seconds>", "time between two lines where there is no terminal", seconds, 1)
    .option(
      "--fail-on <conditions>",
      "exit code 3 where one is met, such as errors>1%,p99>2s",
      failConditions,
      [],
    )
    .addHelpText(
      "after",
      "\nWhat happens goes to standard error, the report to standard output." +
        "\nCtrl-C ends the test with its report and the exit code 130; a second one ends it at once.",
    )
    .action(runLoad);
}

async function runLoad(flags: LoadCommandOptions, command: Command): Promise<void> {
  const options = await optionsOf(flags, command);
  for (const file of [flags.json, flags.html]) await checkWritable(file);
  await checkEngine(options.engineUrl);
  const display = new LoadDisplay(options, flags.interval);
  const interrupt = interruption(() => display.end());
  const test = new LoadTest(options);
  display.show(test, interrupt);
  let result: LoadResult;
  try {
    result = await test.run(interrupt);
  } finally {
    display.end();
  }
  const width = process.stdout.isTTY ? process.stdout.columns : Number.POSITIVE_INFINITY;
  const colours = process.stdout.isTTY && process.stdout.hasColors();
  for (const row of reportRows(result, width)) console.log(spansText(row, width, colours).trimEnd());
  if (flags.json !== undefined || flags.html !== undefined) console.log();
  if (flags.json !== undefined) await write(flags.json, `${JSON.stringify(result, null, 1)}\n`);
  if (flags.html !== undefined) await write(flags.html, reportPage(result));
  const met = metConditions(flags.failOn, result);
  for (const each of met) console.error(`failed on ${each}`);
  if (interrupt.aborted) throw new CommanderError(INTERRUPTED, "tsworker.interrupted", "interrupted");
  if (met.length > 0) throw new CommanderError(FAILED, "tsworker.failOn", met.join(", "));
}

function failConditions(text: string): readonly FailCondition[] {
  try {
    return readFailConditions(text);
  } catch (error) {
    throw new InvalidArgumentError(error instanceof Error ? error.message : String(error));
  }
}

async function optionsOf(flags: LoadCommandOptions, command: Command): Promise<LoadOptions> {
  const { route, payload, order, seed, cost, stream = false, timeout } = flags;
  const arrivals = arrivalsOf(flags, command);
  return {
    ...engineAccess(flags),
    route: `/${route.replace(/^\/+/, "")}`,
    payloads: payload === undefined ? [DEFAULT_PAYLOAD] : await readPayloads(payload),
    order,
    seed,
    cost,
    stream,
    timeoutMs: timeout * 1000,
    arrivals,
  };
}

/** A mistyped path is to cost no run. What the file holds stays until there is something else. */
async function checkWritable(path: string | undefined): Promise<void> {
  if (path === undefined) return;
  try {
    await (await open(path, "a")).close();
  } catch (error) {
    throw cannotWrite(path, error);
  }
}

async function write(path: string, text: string): Promise<void> {
  try {
    await writeFile(path, text);
  } catch (error) {
    throw cannotWrite(path, error);
  }
  console.log(`written to ${path}`);
}

const cannotWrite = (path: string, error: unknown): TsworkerError =>
  new TsworkerError(
    "CONFIG_INVALID",
    `cannot write to ${path}: ${error instanceof Error ? error.message : String(error)}`,
    { cause: error },
  );
