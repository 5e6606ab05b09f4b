/** Milliseconds of the time in which a whole bucket is filled. */
const MINUTE_MS = 60_000;

/** Undefined: there is no limit. */
export type Bucket = TokenBucket | undefined;

/**
 * A limit per minute: a bucket that holds as much, is full at first, and is filled evenly. O(1) per call; times are
 * milliseconds of a monotonic clock.
 */
export class TokenBucket {
  readonly perMinute: number;
  #left: number;
  #at: number | undefined;

  constructor(perMinute: number) {
    this.perMinute = perMinute;
    this.#left = perMinute;
  }

  left(now: number): number {
    const passed = this.#at === undefined ? 0 : Math.max(0, now - this.#at);
    this.#at = Math.max(now, this.#at ?? now);
    this.#left = Math.min(this.perMinute, this.#left + (passed / MINUTE_MS) * this.perMinute);
    return this.#left;
  }

  has(amount: number, now: number): boolean {
    return this.left(now) >= amount;
  }

  take(amount: number, now: number): void {
    this.#left = this.left(now) - amount;
  }

  /** Seconds until it holds an amount that it can hold. */
  secondsUntil(amount: number, now: number): number {
    const missing = amount - this.left(now);
    return missing <= 0 ? 0 : ((missing / this.perMinute) * MINUTE_MS) / 1000;
  }
}
