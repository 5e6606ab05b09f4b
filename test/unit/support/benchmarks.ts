import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import { createActor, toPromise } from "xstate";
import type { Payload } from "../../../src/shared/wire.js";
import type { BenchmarkConfig, HandlerConfig } from "../../../src/worker/config/handler-config.js";
import { KeptBenchmark, measuredBy } from "../../../src/worker/model/kept-benchmark.js";
import { runBenchmark, type SendPayload } from "../../../src/worker/model/run-benchmark.js";
import { BENCHMARK, checkedHandlers } from "./config.js";
import { keptLog } from "./kept-log.js";

/** Where the results of these benchmarks are kept. */
export const RESULT_FILE = ".has_benchmark";

/** Makes a new folder the working directory until the test is over. */
export function inFolderOfItsOwn(): string {
  const folder = mkdtempSync(join(tmpdir(), "tsworker-benchmark-"));
  const before = process.cwd();
  process.chdir(folder);
  onTestFinished(() => {
    process.chdir(before);
    rmSync(folder, { recursive: true });
  });
  return folder;
}

interface Options extends BenchmarkConfig {
  readonly handler?: Partial<HandlerConfig>;
  /** What the model answers to a payload. */
  readonly send?: SendPayload;
  /** Ends when the model takes requests. */
  readonly awaitModel?: (signal: AbortSignal) => Promise<void>;
  /** Milliseconds that a round may take. */
  readonly timeoutMs?: number;
}

/** A benchmark of a handler that takes parallel requests, and what it sent. */
export function benchmarkOf({
  handler,
  send = async () => ({ answered: true }),
  awaitModel = async () => {},
  timeoutMs = 60_000,
  ...config
}: Options) {
  const sent: Payload[] = [];
  const { log, lines, warnings } = keptLog();
  const checked = checkedHandlers({
    route: "/go",
    allowParallelRequests: true,
    ...handler,
    benchmarkConfig: { ...(config.dataset === undefined && BENCHMARK), ...config },
  });
  const logic = runBenchmark({
    benchmark: checked.benchmark,
    send: (payload, signal) => {
      sent.push(payload);
      return send(payload, signal);
    },
    awaitModel,
    timeoutMs,
    kept: new KeptBenchmark(RESULT_FILE, measuredBy(checked), log),
    log,
  });
  const begin = () => createActor(logic).start();
  return { sent, lines, warnings, begin, run: (): Promise<number> => toPromise(begin()) };
}
