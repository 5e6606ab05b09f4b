import type { Schedule } from "./schedule.js";

interface OpenLoopInput {
  readonly schedule: Schedule;
  /** Of `performance.now()`. */
  readonly startedAt: number;
  /** Told of each arrival, with the moment at which it was due; must not wait for what becomes of it. */
  readonly arrive: (index: number, dueAt: number) => void;
  /** Ends it: nothing arrives any more. */
  readonly stop: AbortSignal;
}

/**
 * Lets requests arrive when they are due, however long earlier ones take. What is late, because the process was
 * busy, arrives at once.
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
    // Also when the next one is due already: answers have to be read between two rounds.
    if (next < schedule.count) await wait(Math.max(0, dueAt(next) - performance.now()), stop);
  }
}

/** The longest that a timer can be set to, in milliseconds: a longer one would be over at once. */
const LONGEST_MS = 2 ** 31 - 1;

/** Resolves after some milliseconds, or as soon as it is not wanted any more. */
async function wait(milliseconds: number, stop: AbortSignal): Promise<void> {
  await new Promise<void>((resolve) => {
    const end = () => {
      clearTimeout(timer);
      stop.removeEventListener("abort", end);
      resolve();
    };
    const timer = setTimeout(end, Math.min(milliseconds, LONGEST_MS));
    stop.addEventListener("abort", end, { once: true });
  });
}
