import { open, writeFile } from "node:fs/promises";
import { type Command, CommanderError } from "commander";
import { checkEngine } from "../../load/check-engine.js";
import { type FailCondition, metConditions } from "../../load/fail-conditions.js";
import type { Arrivals, LoadOptions } from "../../load/load-options.js";
import type { LoadResult } from "../../load/load-result.js";
import { LoadTest } from "../../load/load-test.js";
import { type PayloadOrder, readPayloads } from "../../load/payloads.js";
import { reportPage } from "../../load/report-page.js";
import type { Profile } from "../../load/schedule.js";
import { TsworkerError } from "../../shared/errors.js";
import { engineAccess } from "../command/engine-access.js";
import type { EngineFlags } from "../command/engine-flags.js";
import { INTERRUPTED, interruption } from "../command/signals.js";
import { spansText } from "../command/terminal.js";
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

/** Runs `tsworker load`. */
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

/** Fails before the run for a path that cannot be written. The file's content stays until it is replaced. */
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

/** How many requests are sent, and when. */
interface ArrivalFlags {
  readonly requests?: number;
  readonly rps?: number;
  readonly duration?: number;
  readonly concurrency?: number;
  readonly profile: Profile;
  readonly maxInFlight: number;
}

/** The arrivals that the flags describe. Ends the command with an error where they contradict each other. */
function arrivalsOf(flags: ArrivalFlags, command: Command): Arrivals {
  const { requests, rps, duration, concurrency, profile, maxInFlight } = flags;
  if (concurrency !== undefined) {
    if (rps !== undefined || profile !== "steady") {
      command.error(
        "error: with --concurrency each request follows another one: -rps and --profile have no meaning",
      );
    }
    if (requests === undefined && duration === undefined) {
      command.error("error: the test would never end: give -n <requests> or --duration <seconds>");
    }
    return {
      kind: "closed",
      concurrency,
      count: requests ?? Number.POSITIVE_INFINITY,
      seconds: duration ?? Number.POSITIVE_INFINITY,
    };
  }
  const rate = rps ?? (requests !== undefined && duration !== undefined ? requests / duration : undefined);
  if (rate === undefined) {
    command.error(
      "error: give a rate with -rps <rate>, or -n with --duration, or a number with --concurrency",
    );
  }
  const inTime = duration === undefined ? Number.POSITIVE_INFINITY : Math.max(1, Math.round(rate * duration));
  const count = Math.min(requests ?? Number.POSITIVE_INFINITY, inTime);
  if (!Number.isFinite(count)) {
    command.error("error: the test would never end: give -n <requests> or --duration <seconds>");
  }
  return { kind: "open", profile, count, rps: rate, maxInFlight };
}
