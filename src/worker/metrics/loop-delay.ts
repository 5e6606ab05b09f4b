import { monitorEventLoopDelay } from "node:perf_hooks";

/**
 * Milliseconds between two samples. Each wakes the process: at 50 it costs 0.1 % of a core when nothing else does, at
 * 10 it would be 0.3 %.
 */
const RESOLUTION_MS = 50;

/** Delays in seconds. */
export interface LoopDelays {
  readonly mean: number;
  readonly p99: number;
  readonly max: number;
}

/**
 * How much later than it should the event loop comes round: whatever blocks it delays every request. It is sampled
 * from the first scrape on, and never keeps the process alive.
 */
export class LoopDelay {
  readonly #histogram = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  #isClosed = false;

  /** The delays since the last call; undefined when there is no sample yet. */
  take(): LoopDelays | undefined {
    if (this.#isClosed) return undefined;
    this.#histogram.enable();
    if (this.#histogram.count === 0) return undefined;
    const { mean, max } = this.#histogram;
    const p99 = this.#histogram.percentile(99);
    this.#histogram.reset();
    return { mean: delayOf(mean), p99: delayOf(p99), max: delayOf(max) };
  }

  /** Ends the sampling. */
  close(): void {
    this.#isClosed = true;
    this.#histogram.disable();
  }
}

/** A sample is the time between two rounds, which is the resolution where nothing is late. */
function delayOf(nanoseconds: number): number {
  return Math.max(0, nanoseconds / 1e6 - RESOLUTION_MS) / 1000;
}
