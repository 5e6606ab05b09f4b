import type { SnapshotFrom } from "xstate";
import type { WorkerActor, workerMachine } from "../../machines/worker.js";
import type { Log } from "../shared/log.js";
import type { LifecycleState } from "./metrics/metrics-reading.js";

type WorkerSnapshot = SnapshotFrom<typeof workerMachine>;

/** Milliseconds between two lines about what the worker waits for. */
const WAIT_PAUSE_MS = 30_000;

/** The state of a worker, without its substates. */
export const stateOf = ({ value }: WorkerSnapshot): LifecycleState =>
  (typeof value === "string" ? value : Object.keys(value).join()) as LifecycleState;

/**
 * Logs a worker's states, what it waits for, and lines of the model's log that were dismissed.
 *
 * @param awaited the event that a loading model is waited for; undefined without one.
 */
export function logWorker(actor: WorkerActor, log: Log, awaited: string | undefined): void {
  const waiting = new WaitLog(log);
  let last: string | undefined;
  let dismissals = 0;
  actor.subscribe({
    next: (snapshot: WorkerSnapshot) => {
      const { context } = snapshot;
      const state = stateOf(snapshot);
      if (context.dismissals !== dismissals) {
        dismissals = context.dismissals;
        log.warn(
          { line: context.dismissed },
          "a line of the model's log looks like a failure, but the model's health URL answers 200",
        );
      }
      if (state !== last) {
        last = state;
        const { fault, maxPerf, loadtime } = context;
        if (state === "errored") log.error({ state, fault: fault?.message }, "state");
        else if (state === "loading") log.info({ state, waitsFor: awaited }, "state");
        else log.info({ state, maxPerf, loadtime }, "state");
      }
      waiting.show(context.waitsFor);
    },
    error: (error: unknown) => {
      waiting.show(undefined);
      log.fatal({ err: error }, "the worker failed");
    },
    complete: () => waiting.show(undefined),
  });
}

/** Logs changes of what the worker waits for, at most one in 30 s: the newest. */
class WaitLog {
  readonly #log: Log;
  #shown: string | undefined;
  #newest: string | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(log: Log) {
    this.#log = log;
  }

  show(seen: string | undefined): void {
    if (seen === this.#newest) return;
    this.#newest = seen;
    if (seen === undefined) {
      // Waiting that begins again is logged again.
      this.#shown = undefined;
      clearTimeout(this.#timer);
      this.#timer = undefined;
    } else if (this.#timer === undefined) this.#write();
  }

  #write(): void {
    this.#timer = undefined;
    if (this.#newest === undefined || this.#newest === this.#shown) return;
    this.#shown = this.#newest;
    this.#log.info(`waits for ${this.#newest}`);
    this.#timer = setTimeout(() => this.#write(), WAIT_PAUSE_MS).unref();
  }
}
