/** How far the two clocks may part before the wall clock counts anew, in milliseconds. */
const MAX_DRIFT_MS = 20;

/**
 * Epoch milliseconds with fractions: what is a hundred microseconds apart can be told apart, and what follows never lies
 * before what came first, unless the wall clock was set.
 */
export class Clock {
  #offset = performance.timeOrigin;

  now(): number {
    return this.#offset + performance.now();
  }

  /** Follows a wall clock that was set, or that has drifted over days. */
  adjust(): void {
    const offset = Date.now() - performance.now();
    if (Math.abs(offset - this.#offset) > MAX_DRIFT_MS) this.#offset = offset;
  }
}
