import { Durations } from "./durations.js";
import type { LoadPoint } from "./load-result.js";

type Counter = "sent" | "notSent" | "succeeded" | "failed" | "events" | "tokens";

const zeros = (): Record<Counter | "due", number> => ({
  due: 0,
  sent: 0,
  notSent: 0,
  succeeded: 0,
  failed: 0,
  events: 0,
  tokens: 0,
});

/** Counts for each second of a run. Times are in milliseconds since its start and must not decrease. */
export class Series {
  readonly #points: LoadPoint[] = [];
  readonly #latency = new Durations();
  readonly #firstByte = new Durations();
  #counts = zeros();
  #inFlight = 0;

  /** The completed seconds. */
  get points(): readonly LoadPoint[] {
    return this.#points;
  }

  /** Completes the seconds before a moment. */
  advance(at: number): void {
    while (this.#points.length < Math.floor(at / 1000)) this.#close();
  }

  add(at: number, counter: Counter, amount = 1): void {
    this.advance(at);
    this.#counts[counter] += amount;
  }

  /** Counts an arrival in the second in which it was due, which may be completed. */
  due(at: number): void {
    // Rounded to the microsecond, so that an arrival at a full second does not fall into the one before.
    const second = Math.max(0, Math.floor(Math.round(at * 1000) / 1_000_000));
    const over = this.#points[second];
    if (over === undefined) this.#counts.due += 1;
    else this.#points[second] = { ...over, due: over.due + 1 };
  }

  inFlight(at: number, change: 1 | -1): void {
    this.advance(at);
    this.#inFlight += change;
  }

  /** Records the durations of a successful request. */
  took(at: number, latencyMs: number, firstByteMs: number): void {
    this.advance(at);
    this.#latency.record(latencyMs);
    this.#firstByte.record(firstByteMs);
  }

  /** Completes the last second, unless nothing happened in it. */
  end(at: number): void {
    this.advance(at);
    if (this.#points.length === 0 || Object.values(this.#counts).some((value) => value > 0)) this.#close();
  }

  #close(): void {
    this.#points.push({
      second: this.#points.length,
      ...this.#counts,
      inFlight: this.#inFlight,
      latencyMs: percentiles(this.#latency),
      firstByteMs: percentiles(this.#firstByte),
    });
    this.#counts = zeros();
    this.#latency.reset();
    this.#firstByte.reset();
  }
}

function percentiles(durations: Durations): LoadPoint["latencyMs"] {
  if (durations.count === 0) return null;
  return { p50: durations.percentile(50), p90: durations.percentile(90), p99: durations.percentile(99) };
}
