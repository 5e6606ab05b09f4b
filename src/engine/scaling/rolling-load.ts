/**
 * Workload per second as an exponential moving average: requests of `seconds` ago count 1/e.
 */
export class RollingLoad {
  readonly #seconds: number;
  #load = 0;
  #at: number;

  /** @param now - in seconds, as all times here. */
  constructor(seconds: number, now: number) {
    this.#seconds = seconds;
    this.#at = now;
  }

  /** Adds workload requested between the last call and `now`. */
  add(workload: number, now: number): void {
    const load = this.at(now);
    this.#load = load + workload / this.#seconds;
    this.#at = now;
  }

  at(now: number): number {
    return this.#load * Math.exp(-Math.max(0, now - this.#at) / this.#seconds);
  }
}
