import { setTimeout as delay } from "node:timers/promises";
import type { SnapshotFrom } from "xstate";
import type { WorkerActor, workerMachine } from "../../machines/worker.js";
import { TsworkerError } from "../shared/errors.js";
import type { Log } from "../shared/log.js";
import { killDescendants } from "../shared/process-identity.js";
import type { CheckedConfig } from "./config/config-schema.js";

/** Milliseconds that a program may take after a second signal. */
const LAST_MS = 1000;
/** Milliseconds between two checks of what a worker that drains waits for. */
const PROGRESS_MS = 1000;
/** Milliseconds within which a second SIGINT is the first one again. */
const SAME_MS = 300;
/** Milliseconds that `lifecycle.stop` may take. */
const STOP_TIMEOUT_MS = 10_000;

/** A worker that signals stop. */
interface Stoppable {
  readonly log: Log;
  drain(): void;
  abort(): void;
  awaits(): string | undefined;
}

/** SIGTERM and SIGINT: the first drains the worker, the second stops it at once. */
export class ShutdownSignals {
  #count = 0;
  #worker: Stoppable | undefined;
  #interruptedAt = Number.NEGATIVE_INFINITY;
  #progress: NodeJS.Timeout | undefined;
  #shown: string | undefined;
  readonly #removeListener: () => void;

  constructor() {
    this.#removeListener = onSignals((signal) => this.#receive(signal));
  }

  /** Signals received. */
  get count(): number {
    return this.#count;
  }

  /** The worker has started; signals that came before reach it now. */
  attach(worker: Stoppable): void {
    this.#worker = worker;
    if (this.#count > 0) this.#forward();
  }

  /** Stops listening. After a second signal, ends this process and all that it has started. */
  close(): void {
    this.#removeListener();
    clearInterval(this.#progress);
    if (this.#count > 1) endWithAll();
  }

  #receive(signal: NodeJS.Signals): void {
    // npm forwards a terminal's Ctrl-C to a process that has received it already.
    const isSame = signal === "SIGINT" && performance.now() - this.#interruptedAt < SAME_MS;
    if (signal === "SIGINT") this.#interruptedAt = performance.now();
    if (isSame) return;
    this.#count++;
    this.#progress ??= setInterval(() => this.#logProgress(), PROGRESS_MS);
    this.#forward();
  }

  #forward(): void {
    if (this.#count === 1) this.#worker?.drain();
    else this.#worker?.abort();
  }

  #logProgress(): void {
    const awaited = this.#worker?.awaits();
    if (this.#count !== 1 || awaited === undefined || awaited === this.#shown) return;
    this.#shown = awaited;
    this.#worker?.log.info(`${awaited}; press Ctrl-C again to stop now`);
  }
}

/** @returns removes the listener. */
export function onSignals(listener: (signal: NodeJS.Signals) => void): () => void {
  process.on("SIGTERM", listener).on("SIGINT", listener);
  return () => process.off("SIGTERM", listener).off("SIGINT", listener);
}

/** What a worker that drains waits for; undefined if it does not drain. */
export function awaitedBeforeEnd({
  value,
  context: { drainTimeoutMs, reportAddresses },
}: SnapshotFrom<typeof workerMachine>): string | undefined {
  const step = typeof value === "object" && "draining" in value ? value.draining : undefined;
  switch (step) {
    case "finishing":
      return `finishing the requests, ${Math.ceil(drainTimeoutMs / 1000)} s at most`;
    case "closing":
      return "closing the sessions, 12 s at most";
    case "reporting":
      return `delivering the last reports to ${reportAddresses.join(", ")}, 10 s at most`;
    default:
      return undefined;
  }
}

/** Ends this process, and all that it has started, as soon as its event loop is empty, and after a second in any case. */
function endWithAll(): void {
  process.once("exit", () => killDescendants(process.pid));
  setTimeout(() => process.exit(), LAST_MS).unref();
}

/**
 * Calls `lifecycle.stop` and waits for it.
 *
 * @param hurry ends the waiting.
 * @param reason error that the worker ended with.
 */
export async function stopLifecycle(
  { lifecycle }: CheckedConfig,
  log: Log,
  hurry: AbortSignal,
  reason: Error | undefined,
): Promise<void> {
  if (lifecycle?.stop === undefined) return;
  const ended = new AbortController();
  const giveUp = async (): Promise<void> => {
    await delay(STOP_TIMEOUT_MS, undefined, { signal: AbortSignal.any([hurry, ended.signal]) }).catch(
      () => {},
    );
    if (hurry.aborted) throw new Error("a second signal came, so that it was not waited for");
    if (!ended.signal.aborted) throw new Error(`it did not end within ${STOP_TIMEOUT_MS} ms`);
  };
  try {
    await Promise.race([lifecycle.stop(reason), giveUp()]);
  } catch (error) {
    log.error({ err: error }, "lifecycle.stop failed");
  } finally {
    ended.abort();
  }
}

/** The error with which the worker failed, or that it was in when it was stopped; undefined if there was none. */
export async function errorAtEnd(ended: Promise<void>, actor: WorkerActor): Promise<Error | undefined> {
  try {
    await ended;
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error));
  }
  const { fault } = actor.getSnapshot().context;
  return fault && new TsworkerError("WORKER_FAILED", fault.message);
}

/** Settles when a worker has stopped; rejects if it failed. */
export function whenStopped(actor: WorkerActor): Promise<void> {
  return new Promise((resolve, reject) => {
    actor.subscribe({
      complete: () => {
        const fault = actor.getSnapshot().output?.fault;
        if (fault?.of === "actor") reject(new TsworkerError("WORKER_FAILED", fault.message));
        else resolve();
      },
      error: (cause: unknown) => reject(new TsworkerError("WORKER_FAILED", "the worker failed", { cause })),
    });
  });
}
