import { expect } from "vitest";
import { eventually } from "./eventually.js";
import type { WorkerProcess } from "./worker-process.js";

/** The log line of a worker that could not start and reports that to the engine until it is stopped. */
const REPORTING = "the worker could not start, and reports this to the engine until it is stopped";

/** Waits until a worker has failed to start, and ends it where it continues to report that: one error, and exit code 1. */
export async function failed(worker: WorkerProcess): Promise<void> {
  const isReporting = (): boolean => worker.lines.some(({ msg }) => msg === REPORTING);
  await eventually(() => isReporting() || worker.child.exitCode !== null, { timeoutMs: 60_000 });
  await worker.stop();
  expect(worker.child.exitCode).toBe(1);
  expect(worker.text.match(/TsworkerError: /g)).toHaveLength(1);
}
