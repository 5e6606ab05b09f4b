/** A histogram with fixed buckets: plain numbers, so that counting costs some nanoseconds and allocates nothing. */
export class Histogram {
  /** Upper bounds of the buckets, inclusive, in ascending order. */
  readonly bounds: readonly number[];
  /** One per bound, and one for what is above all of them; not cumulative. */
  readonly #counts: Float64Array;
  #sum = 0;

  constructor(bounds: readonly number[]) {
    this.bounds = bounds;
    this.#counts = new Float64Array(bounds.length + 1);
  }

  /** @param value at least 0. */
  observe(value: number): void {
    let bucket = 0;
    while (bucket < this.bounds.length && value > (this.bounds[bucket] ?? 0)) bucket++;
    this.#counts[bucket] = (this.#counts[bucket] ?? 0) + 1;
    this.#sum += value;
  }

  get sum(): number {
    return this.#sum;
  }

  /** Number of values at most as large as each of the bounds, and at last the number of all. */
  cumulative(): readonly number[] {
    let count = 0;
    return Array.from(this.#counts, (own) => {
      count += own;
      return count;
    });
  }
}
