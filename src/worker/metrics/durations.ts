/**
 * Upper bounds of the buckets in seconds, inclusive. A request to a model takes from a millisecond (a cache hit, an
 * embedding) to half an hour (a video); what is measured in whole milliseconds needs no bucket below five of them.
 */
export const BOUNDS: readonly number[] = [
  0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600, 1800,
];

const BOUNDS_MS = Float64Array.from(BOUNDS, (seconds) => seconds * 1000);

/** A histogram of durations: plain numbers, so that counting one costs some nanoseconds and allocates nothing. */
export class Durations {
  readonly bounds = BOUNDS;
  /** One per bound, and one for what is longer than all of them; not cumulative. */
  readonly #counts = new Float64Array(BOUNDS_MS.length + 1);
  #sumMs = 0;

  /** @param ms is counted as 0 when it is negative or no number: a clock that was set back must not lower the sum. */
  observe(ms: number): void {
    const duration = ms > 0 ? ms : 0;
    // From the shortest: where requests are many, they are short.
    let bucket = 0;
    while (bucket < BOUNDS_MS.length && duration > (BOUNDS_MS[bucket] ?? 0)) bucket++;
    this.#counts[bucket] = (this.#counts[bucket] ?? 0) + 1;
    this.#sumMs += duration;
  }

  /** Sum of all durations in seconds. */
  get sum(): number {
    return this.#sumMs / 1000;
  }

  /** Number of durations at most as long as each of {@link BOUNDS}, and at last the number of all. */
  cumulative(): readonly number[] {
    let count = 0;
    return Array.from(this.#counts, (own) => {
      count += own;
      return count;
    });
  }
}
