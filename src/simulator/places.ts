/** A limited number of places, given in the order in which they were asked for. */
export class Places {
  readonly #limit: number;
  /** Who waits, first come first; a Set because one that gives up leaves from the middle. */
  readonly #waiting = new Set<() => void>();
  #taken = 0;

  /** @param limit - number of places, Infinity for no limit. */
  constructor(limit: number) {
    this.#limit = limit;
  }

  get waiting(): number {
    return this.#waiting.size;
  }

  /**
   * Waits for a place. Who got one gives it back with {@link Places.leave}.
   *
   * @throws the signal's reason when it is aborted first.
   */
  async enter(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    if (this.#taken < this.#limit) {
      this.#taken += 1;
      return;
    }
    await new Promise<void>((resolve, reject) => {
      const onAbort = () => {
        this.#waiting.delete(onTurn);
        reject(signal.reason);
      };
      const onTurn = () => {
        signal.removeEventListener("abort", onAbort);
        resolve();
      };
      this.#waiting.add(onTurn);
      signal.addEventListener("abort", onAbort, { once: true });
    });
  }

  /** Gives a place back: it goes to the first who waits. */
  leave(): void {
    const [next] = this.#waiting;
    if (next === undefined) {
      this.#taken -= 1;
      return;
    }
    this.#waiting.delete(next);
    next();
  }
}
