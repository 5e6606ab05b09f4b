interface Asked {
  readonly cost: number;
  /** When its client asked last, in seconds of a clock that never jumps. */
  readonly at: number;
  /** Seconds after which it is forgotten when nobody asks for it. */
  readonly replayTimeout: number;
}

/**
 * Seconds for which a request waits without being asked for: it keeps others behind it, and asks for capacity.
 * Clients ask every 6 s at least.
 */
const PATIENCE = 10;
/** How many requests are remembered; beyond that the oldest is forgotten. */
const MAX_REQUESTS = 100_000;

/**
 * The requests that clients may ask for again, and which of them wait for a worker, those that wait longest
 * first.
 */
export class Waitlist {
  /** By `request_idx`; waiting or not. */
  readonly #asked = new Map<number, Asked>();
  /** In the order in which they began to wait. */
  readonly #waiting = new Set<number>();

  /** Notes that a client asks. @returns whether the request was known, and its load so counted. */
  ask(requestIdx: number, asked: Asked): boolean {
    const isKnown = this.#asked.delete(requestIdx);
    this.#asked.set(requestIdx, asked);
    if (this.#asked.size > MAX_REQUESTS) {
      const [oldest] = this.#asked.keys();
      if (oldest !== undefined) this.forget(oldest);
    }
    return isKnown;
  }

  /** The request waits, at the place that it has if it waits already. */
  wait(requestIdx: number): void {
    this.#waiting.add(requestIdx);
  }

  /** The request has a worker. It may still be asked for again. */
  leave(requestIdx: number): void {
    this.#waiting.delete(requestIdx);
  }

  /** The request has ended. */
  forget(requestIdx: number): void {
    this.#asked.delete(requestIdx);
    this.#waiting.delete(requestIdx);
  }

  /** Forgets what nobody has asked for within its replay time-out. */
  sweep(now: number): void {
    for (const [requestIdx, { at, replayTimeout }] of this.#asked) {
      if (now - at > replayTimeout) this.forget(requestIdx);
    }
  }

  /**
   * Workload of the requests that began to wait before this one and are still asked for. Counting ends beyond
   * `limit`.
   */
  loadBefore(requestIdx: number, now: number, limit: number): number {
    let load = 0;
    for (const each of this.#waiting) {
      if (each === requestIdx || load > limit) break;
      load += this.#loadOf(each, now);
    }
    return load;
  }

  /** Number of requests that wait. */
  get size(): number {
    return this.#waiting.size;
  }

  /** Workload of all that wait and are still asked for. */
  load(now: number): number {
    let load = 0;
    for (const requestIdx of this.#waiting) load += this.#loadOf(requestIdx, now);
    return load;
  }

  /** Workload of a request, as long as its client asks. */
  #loadOf(requestIdx: number, now: number): number {
    const asked = this.#asked.get(requestIdx);
    return asked !== undefined && now - asked.at <= PATIENCE ? asked.cost : 0;
  }
}
