import { setTimeout as sleep } from "node:timers/promises";

/**
 * Waits until a condition holds.
 *
 * @param what - names it in the error.
 * @throws when it does not hold within the time, or the signal is aborted.
 */
export async function until(
  what: string,
  limitSeconds: number,
  signal: AbortSignal,
  condition: () => boolean,
): Promise<void> {
  const deadline = performance.now() + limitSeconds * 1000;
  while (!condition()) {
    if (performance.now() > deadline) throw new Error(`${what} did not happen within ${limitSeconds} s`);
    await sleep(20, undefined, { signal });
  }
}
