import type { Schedule } from "./schedule.js";

interface ClosedLoopInput {
  /** Number of concurrent requests. */
  readonly concurrency: number;
  /** Number of requests; Infinity: until it is stopped. */
  readonly count: number;
  /** Sends a request and resolves at its end, whatever the outcome. */
  readonly send: (index: number) => Promise<void>;
  /** Ends the loop: no further request is sent. */
  readonly stop: AbortSignal;
}

/** Keeps a number of requests in flight: the end of one is the start of the next. */
export async function closedLoop({ concurrency, count, send, stop }: ClosedLoopInput): Promise<void> {
  let next = 0;
  const sendAll = async (): Promise<void> => {
    while (next < count && !stop.aborted) {
      next += 1;
      await send(next - 1);
    }
  };
  await Promise.all(Array.from({ length: Math.min(concurrency, count) }, sendAll));
}

interface OpenLoopInput {
  readonly schedule: Schedule;
  /** Of `performance.now()`. */
  readonly startedAt: number;
  /** Called for each arrival, with the moment at which it was due; must not wait for the request. */
  readonly arrive: (index: number, dueAt: number) => void;
  /** Ends the loop: nothing arrives any more. */
  readonly stop: AbortSignal;
}

/**
 * Lets requests arrive when they are due, however long earlier ones take. Late arrivals, after the process was busy,
 * happen immediately.
 */
export async function openLoop({ schedule, startedAt, arrive, stop }: OpenLoopInput): Promise<void> {
  const dueAt = (index: number): number => startedAt + schedule.at(index) * 1000;
  let next = 0;
  while (next < schedule.count && !stop.aborted) {
    const now = performance.now();
    while (next < schedule.count && dueAt(next) <= now) {
      arrive(next, dueAt(next));
      next += 1;
    }
    // Also when the next one is due: answers must be read between two rounds.
    if (next < schedule.count) await wait(Math.max(0, dueAt(next) - performance.now()), stop);
  }
}

/** Maximum delay of a timer, in milliseconds: a longer one would expire immediately. */
const MAX_TIMER_MS = 2 ** 31 - 1;

/** Resolves after a time, or when it is stopped. */
async function wait(milliseconds: number, stop: AbortSignal): Promise<void> {
  await new Promise<void>((resolve) => {
    const end = () => {
      clearTimeout(timer);
      stop.removeEventListener("abort", end);
      resolve();
    };
    const timer = setTimeout(end, Math.min(milliseconds, MAX_TIMER_MS));
    stop.addEventListener("abort", end, { once: true });
  });
}
