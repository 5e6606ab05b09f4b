import type { Outcome } from "../../../machines/events.js";
import { BOUNDS, type Durations } from "../../worker/metrics/durations.js";
import type { MetricsReading } from "../../worker/metrics/metrics-reading.js";
import type { RouteMetrics } from "../../worker/metrics/route-metrics.js";
import type { Percentiles, Sample } from "./frames.js";

/** Samples that are kept: one per second of 10 minutes. */
const KEPT = 600;

export interface SamplesOptions {
  readonly read: () => MetricsReading;
  /** One for each handler route. */
  readonly routes: readonly RouteMetrics[];
}

/** Counters, which only grow: a sample has the differences. */
interface Totals {
  /** Milliseconds of `performance.now()`. */
  readonly at: number;
  readonly outcomes: Sample["outcomes"];
  /** Numbers of durations up to each bound. */
  readonly durations: Readonly<Record<"queueWait" | "timeToFirstByte" | "latency", readonly number[]>>;
  readonly delivered: number;
  readonly failed: number;
  /** Microseconds of processor time. */
  readonly cpu: number;
}

/** The worker second by second: what its counts grew by, and how it stood. */
export class Samples {
  readonly #options: SamplesOptions;
  readonly #kept: Sample[] = [];
  #last: Totals | undefined;

  constructor(options: SamplesOptions) {
    this.#options = options;
  }

  /** Oldest first. */
  get kept(): readonly Sample[] {
    return this.#kept;
  }

  /**
   * Takes a sample; the first call has nothing to compare with.
   *
   * @param now milliseconds of `performance.now()`.
   * @param at its time of day in epoch milliseconds.
   */
  take(now: number, at = now): Sample | undefined {
    const reading = this.#options.read();
    const totals = this.#totals(now, reading);
    const before = this.#last;
    this.#last = totals;
    if (before === undefined || totals.at <= before.at) return undefined;
    const seconds = (totals.at - before.at) / 1000;
    const sample: Sample = {
      at,
      openLoad: reading.openLoad,
      loadAhead: reading.loadAhead,
      capacity: reading.capacity,
      waiting: reading.queues.reduce((sum, { waiting }) => sum + waiting, 0),
      running: reading.queues.reduce((sum, { running }) => sum + running, 0),
      sessions: reading.sessions,
      outcomes: perOutcome((outcome) => (totals.outcomes[outcome] - before.outcomes[outcome]) / seconds),
      wait: percentiles(before.durations.queueWait, totals.durations.queueWait),
      firstByte: percentiles(before.durations.timeToFirstByte, totals.durations.timeToFirstByte),
      latency: percentiles(before.durations.latency, totals.durations.latency),
      reports: { delivered: totals.delivered - before.delivered, failed: totals.failed - before.failed },
      cpu: (totals.cpu - before.cpu) / 1e6 / seconds,
      memory: process.memoryUsage.rss(),
    };
    this.#kept.push(sample);
    if (this.#kept.length > KEPT) this.#kept.shift();
    return sample;
  }

  #totals(at: number, { reports }: MetricsReading): Totals {
    const { routes } = this.#options;
    const { user, system } = process.cpuUsage();
    const sumOf = (pick: (route: RouteMetrics) => Durations): readonly number[] =>
      routes
        .map((route) => pick(route).cumulative())
        .reduce((sums, counts) => counts.map((count, index) => count + (sums[index] ?? 0)), []);
    return {
      at,
      outcomes: perOutcome((outcome) => routes.reduce((sum, route) => sum + route.outcomes[outcome], 0)),
      durations: {
        queueWait: sumOf(({ queueWait }) => queueWait),
        timeToFirstByte: sumOf(({ timeToFirstByte }) => timeToFirstByte),
        latency: sumOf(({ latency }) => latency),
      },
      delivered: reports.reduce((sum, { delivered }) => sum + delivered, 0),
      failed: reports.reduce((sum, { failed }) => sum + failed, 0),
      cpu: user + system,
    };
  }
}

const perOutcome = (countOf: (outcome: Outcome) => number): Record<Outcome, number> => ({
  success: countOf("success"),
  error: countOf("error"),
  cancelled: countOf("cancelled"),
  rejected: countOf("rejected"),
});

/** Of the durations by which the counts grew; null where they did not. What is beyond all bounds counts as the last one. */
function percentiles(before: readonly number[], now: readonly number[]): Percentiles | null {
  const counts = now.map((count, index) => count - (before[index] ?? 0));
  const all = counts.at(-1) ?? 0;
  if (all <= 0) return null;
  const boundOf = (share: number): number => {
    const index = counts.findIndex((count) => count >= share * all);
    return (BOUNDS[Math.min(index, BOUNDS.length - 1)] ?? 0) * 1000;
  };
  return { p50: boundOf(0.5), p99: boundOf(0.99) };
}
