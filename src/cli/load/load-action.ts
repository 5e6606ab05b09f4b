import { open, writeFile } from "node:fs/promises";
import { type Command, CommanderError } from "commander";
import { checkEngine } from "../../load/check-engine.js";
import { type FailCondition, metConditions } from "../../load/fail-conditions.js";
import type { LoadOptions } from "../../load/load-options.js";
import type { LoadResult } from "../../load/load-result.js";
import { LoadTest } from "../../load/load-test.js";
import type { PayloadOrder } from "../../load/payloads.js";
import { readPayloads } from "../../load/payloads.js";
import { reportPage } from "../../load/report-page.js";
import { TsworkerError } from "../../shared/errors.js";
import { engineAccess } from "../engine-access.js";
import type { EngineFlags } from "../engine-flags.js";
import { spansText } from "../inspect/inspect-span.js";
import { INTERRUPTED, interruption } from "../interruption.js";
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

/** What `tsworker load` does. */
export async function run(flags: LoadCommandOptions, command: Command): Promise<void> {
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
