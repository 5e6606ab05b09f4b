/** Flows that may begin per second: on a slower worker every one is followed, on a faster one a sample of them. */
const FLOWS_PER_SECOND = 100;
/** Flows followed at once; beyond, the oldest is given up. */
const MAX_FLOWS = 5000;

/**
 * Which requests and sessions are followed from their beginning to their end. All events of one that is followed are
 * recorded, and none of one that is not, so that each is shown as a whole. One that is not followed costs one lookup in a
 * set per event.
 */
export class Flows {
  /** Each with the id of the actor that it is at, once that is known. */
  readonly #followed = new Map<string, string | undefined>();
  readonly #budget = new Budget(FLOWS_PER_SECOND);

  /** @returns whether it is followed from here on. */
  begin(id: string): boolean {
    if (!this.#budget.take()) return false;
    if (this.#followed.size >= MAX_FLOWS) {
      const [oldest] = this.#followed.keys();
      if (oldest !== undefined) this.#followed.delete(oldest);
    }
    this.#followed.set(id, undefined);
    return true;
  }

  has(id: string): boolean {
    return this.#followed.has(id);
  }

  /** It is with this actor from now on. */
  place(id: string, actor: string): void {
    if (this.#followed.has(id)) this.#followed.set(id, actor);
  }

  placeOf(id: string): string | undefined {
    return this.#followed.get(id);
  }

  end(id: string): void {
    this.#followed.delete(id);
  }
}

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
