/** Lets so many things through per second, in bursts of up to as many. */
export class Budget {
  readonly #perSecond: number;
  #left: number;
  /** Milliseconds, monotonic. */
  #filledAt = performance.now();

  constructor(perSecond: number) {
    this.#perSecond = perSecond;
    this.#left = perSecond;
  }

  /** @returns whether there is room for one more. */
  take(): boolean {
    if (this.#left < 1) {
      const now = performance.now();
      const filled = ((now - this.#filledAt) / 1000) * this.#perSecond;
      if (filled < 1) return false;
      this.#left = Math.min(this.#perSecond, this.#left + filled);
      this.#filledAt = now;
    }
    this.#left--;
    return true;
  }
}
