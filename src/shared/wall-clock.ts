/** How far the two clocks may part before the wall clock counts anew, in milliseconds. */
const MAX_DRIFT_MS = 20;

/**
 * The time of day of moments on the clock of `performance.now()`.
 *
 * Durations, deadlines and order follow `performance.now()`, which never jumps. A time of day is made from it only where it is
 * shown or sent: so it is right after the machine's clock was set, and the times of one request still differ by what passed
 * between them.
 */
export class WallClock {
  #offset = Date.now() - performance.now();

  /** Epoch milliseconds with fractions: what is a hundred microseconds apart can be told apart. */
  now(): number {
    return this.at(performance.now());
  }

  /** Epoch milliseconds of a moment of `performance.now()`. */
  at(moment: number): number {
    return this.#offset + moment;
  }

  /** The same in seconds, to the millisecond, by the machine's clock as it is set now. */
  secondsAt(moment: number): number {
    this.adjust();
    return Math.round(this.at(moment)) / 1000;
  }

  /**
   * Follows a machine's clock that was set, or that has drifted over days.
   *
   * @returns whether it was.
   */
  adjust(): boolean {
    // One reading may be wrong: the process can be interrupted in the middle of it.
    if (!this.#isOff() || !this.#isOff()) return false;
    this.#offset = Date.now() - performance.now();
    return true;
  }

  #isOff(): boolean {
    return Math.abs(Date.now() - performance.now() - this.#offset) > MAX_DRIFT_MS;
  }
}

/** For what the worker sends. */
export const wallClock = new WallClock();
