/** A limited number of slots, granted in the order of requests. Every operation is O(1), also with thousands of waiters. */
export class Semaphore {
  readonly #limit: number;
  /** Waiters in order; a Set, because one that gives up leaves from the middle. */
  readonly #waiters = new Set<() => void>();
  /** Continues where it was: a new iterator would skip all waiters that have left since the set last shrank. */
  #order = this.#waiters.values();
  #taken = 0;

  /** @param limit - number of slots, Infinity for no limit. */
  constructor(limit: number) {
    this.#limit = limit;
  }

  get waiting(): number {
    return this.#waiters.size;
  }

  /**
   * Waits for a slot.
   *
   * @returns a function that releases the slot; a second call has no effect.
   * @throws the signal's reason when it is aborted first.
   */
  async acquire(signal: AbortSignal): Promise<() => void> {
    signal.throwIfAborted();
    if (this.#taken < this.#limit) this.#taken += 1;
    else await this.#turn(signal);
    let isHeld = true;
    return () => {
      if (isHeld) this.#release();
      isHeld = false;
    };
  }

  #turn(signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const onAbort = () => {
        this.#waiters.delete(onTurn);
        reject(signal.reason);
      };
      const onTurn = () => {
        signal.removeEventListener("abort", onAbort);
        resolve();
      };
      this.#waiters.add(onTurn);
      signal.addEventListener("abort", onAbort, { once: true });
    });
  }

  /** Frees a slot, or passes it to the first waiter, so that none overtakes. */
  #release(): void {
    const next = this.#next();
    if (next === undefined) {
      this.#taken -= 1;
      return;
    }
    this.#waiters.delete(next);
    next();
  }

  #next(): (() => void) | undefined {
    if (this.#waiters.size === 0) return undefined;
    const { value, done } = this.#order.next();
    if (!done) return value;
    // An iterator that has ended stays so.
    this.#order = this.#waiters.values();
    return this.#order.next().value;
  }
}
