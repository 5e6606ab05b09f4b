import { createHistogram } from "node:perf_hooks";

/** Statistics of a set of durations, in milliseconds. */
interface DurationSummary {
  readonly count: number;
  readonly mean: number;
  readonly min: number;
  readonly p50: number;
  readonly p90: number;
  readonly p95: number;
  readonly p99: number;
  readonly max: number;
}

/** Longer durations are recorded as this one, in microseconds: an hour. */
const LONGEST = 3_600_000_000;

/** A histogram of durations, precise to three figures, in a fixed amount of memory. */
export class Durations {
  // In whole microseconds, from 1 on.
  readonly #histogram = createHistogram({ lowest: 1, highest: LONGEST, figures: 3 });

  record(milliseconds: number): void {
    this.#histogram.record(Math.min(LONGEST, Math.max(1, Math.round(milliseconds * 1000))));
  }

  get count(): number {
    return this.#histogram.count;
  }

  /** The duration, in milliseconds, that a percentage does not exceed. Undefined behaviour without durations. */
  percentile(percent: number): number {
    return (percent === 0 ? this.#histogram.min : this.#histogram.percentile(percent)) / 1000;
  }

  /** Null without durations. */
  get summary(): DurationSummary | null {
    if (this.count === 0) return null;
    const { mean, min, max } = this.#histogram;
    return {
      count: this.count,
      mean: Math.round(mean) / 1000,
      min: min / 1000,
      p50: this.percentile(50),
      p90: this.percentile(90),
      p95: this.percentile(95),
      p99: this.percentile(99),
      max: max / 1000,
    };
  }

  reset(): void {
    this.#histogram.reset();
  }
}
