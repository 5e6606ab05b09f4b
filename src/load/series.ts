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

/** What happened in each second of a run. Times are milliseconds since its start and never go back. */
export class Series {
  readonly #points: LoadPoint[] = [];
  readonly #latency = new Durations();
  readonly #firstByte = new Durations();
  #counts = zeros();
  #inFlight = 0;

  /** The seconds that are over. */
  get points(): readonly LoadPoint[] {
    return this.#points;
  }

  /** Closes the seconds that are over by then. */
  advance(at: number): void {
    while (this.#points.length < Math.floor(at / 1000)) this.#close();
  }

  add(at: number, counter: Counter, amount = 1): void {
    this.advance(at);
    this.#counts[counter] += amount;
  }

  /** An arrival was due then, which may be a while ago: it belongs to the second in which it was due. */
  due(at: number): void {
    // To the microsecond: what is due at the full second is not to fall into the one before by a rounding error.
    const second = Math.max(0, Math.floor(Math.round(at * 1000) / 1_000_000));
    const over = this.#points[second];
    if (over === undefined) this.#counts.due += 1;
    else this.#points[second] = { ...over, due: over.due + 1 };
  }

  /** So many more, or fewer, are under way. */
  inFlight(at: number, change: 1 | -1): void {
    this.advance(at);
    this.#inFlight += change;
  }

  /** Durations of a request that has succeeded. */
  took(at: number, latencyMs: number, firstByteMs: number): void {
    this.advance(at);
    this.#latency.record(latencyMs);
    this.#firstByte.record(firstByteMs);
  }

  /** Closes the second in which the run ended, unless nothing happened in it. */
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
