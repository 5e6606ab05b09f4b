import { setTimeout as delay } from "node:timers/promises";
import { fromPromise } from "xstate";

/** Milliseconds between two looks. */
const LOOK_MS = 250;

/**
 * Resolves when a request to the model has succeeded, one that runs or a later one.
 *
 * @param successes number of those that have; it is looked at, so that requests need not report.
 */
export function awaitSuccess(successes: () => number) {
  return fromPromise<void>(async ({ signal }) => {
    const before = successes();
    while (successes() === before) await delay(LOOK_MS, undefined, { signal });
  });
}
