/** A wait below it is none. */
const SHORTEST = 0.001;
/** Each bucket's waits are up to this much longer than those of the one before: the error of what is read. */
const GROWTH = 1.02;

/** How long workload waited, in seconds. */
export class WaitHistogram {
  readonly #buckets: number[] = [];
  #weight = 0;
  #longest = 0;

  record(wait: number, workload: number): void {
    const bucket = wait < SHORTEST ? 0 : 1 + Math.floor(Math.log(wait / SHORTEST) / Math.log(GROWTH));
    while (this.#buckets.length <= bucket) this.#buckets.push(0);
    this.#buckets[bucket] = (this.#buckets[bucket] ?? 0) + workload;
    this.#weight += workload;
    if (workload > 0) this.#longest = Math.max(this.#longest, wait);
  }

  get longest(): number {
    return this.#longest;
  }

  /** The wait that this share of the workload did not exceed; 0 where there was none. */
  quantile(share: number): number {
    let left = share * this.#weight;
    for (const [bucket, workload] of this.#buckets.entries()) {
      left -= workload;
      if (left <= 0) return bucket === 0 ? 0 : Math.min(this.#longest, SHORTEST * GROWTH ** bucket);
    }
    return this.#longest;
  }
}
