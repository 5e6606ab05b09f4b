/** Difference of the two clocks beyond which the offset is corrected, in milliseconds. */
const MAX_DRIFT_MS = 20;

/**
 * Converts moments of `performance.now()` to the time of day.
 *
 * Durations, deadlines and order follow `performance.now()`, which never jumps. A moment is converted only where it is
 * shown or sent: the result follows corrections of the machine's clock, and the differences between the times of one
 * request stay exact.
 */
export class WallClock {
  #offset = Date.now() - performance.now();

  /** Epoch milliseconds with fractions. */
  now(): number {
    return this.at(performance.now());
  }

  /** Epoch milliseconds of a moment of `performance.now()`. */
  at(moment: number): number {
    return this.#offset + moment;
  }

  /** Epoch seconds, rounded to the millisecond, by the current setting of the machine's clock. */
  secondsAt(moment: number): number {
    this.adjust();
    return Math.round(this.at(moment)) / 1000;
  }

  /**
   * Corrects the offset after the machine's clock was set, or has drifted over days.
   *
   * @returns whether it was corrected.
   */
  adjust(): boolean {
    // A single reading may be wrong: the process can be interrupted between the two clocks.
    if (!this.#isOff() || !this.#isOff()) return false;
    this.#offset = Date.now() - performance.now();
    return true;
  }

  #isOff(): boolean {
    return Math.abs(Date.now() - performance.now() - this.#offset) > MAX_DRIFT_MS;
  }
}

/** The clock of reports and metrics. */
export const wallClock = new WallClock();
