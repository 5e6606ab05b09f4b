import { Durations } from "./durations.js";
import type { Failure, Success } from "./exchange.js";
import type { LoadPoint, LoadResult, LoadTotals } from "./load-result.js";
import { Series } from "./series.js";

/** Number of answers in the result. */
const ANSWERS = 10;
const PERCENTS = [
  0, 10, 20, 30, 40, 50, 60, 70, 75, 80, 85, 90, 92.5, 95, 97.5, 98, 99, 99.5, 99.9, 99.99, 100,
];

/** A request in flight. Times are of `performance.now()`. */
interface TrackedRequest {
  readonly dueAt: number;
  readonly sentAt: number;
  routedAt: number | undefined;
  firstByteAt: number | undefined;
}

/** Counts the outcomes of requests. Its memory grows with the seconds of a run, not with its requests. */
export class Tally {
  readonly #startedAt: number;
  readonly #planned: number | null;
  readonly #series = new Series();
  readonly #latency = new Durations();
  readonly #firstByte = new Durations();
  readonly #routing = new Durations();
  readonly #errors = new Map<string, { failure: Failure; count: number }>();
  readonly #workers = new Map<string, number>();
  readonly #answers: string[] = [];
  readonly #counts = {
    sent: 0,
    notSent: 0,
    routing: 0,
    generating: 0,
    succeeded: 0,
    failed: 0,
    events: 0,
    tokens: 0,
    countedTokens: 0,
  };
  #latestMs = 0;
  #endedAt: number | undefined;

  /**
   * @param startedAt of `performance.now()`.
   * @param planned number of arrivals; null: unknown.
   */
  constructor(startedAt: number, planned: number | null) {
    this.#startedAt = startedAt;
    this.#planned = planned;
  }

  get inFlight(): number {
    return this.#counts.routing + this.#counts.generating;
  }

  get succeeded(): number {
    return this.#counts.succeeded;
  }

  /** Counts an arrival that was not sent, because too many requests were in flight. */
  notSent(dueAt: number): void {
    const at = this.#now();
    this.#counts.notSent += 1;
    this.#series.add(at, "notSent");
    this.#series.due(dueAt - this.#startedAt);
  }

  /** Counts a request that is being sent. Returns the callbacks for its further events. */
  sent(dueAt: number) {
    const request: TrackedRequest = {
      dueAt,
      sentAt: performance.now(),
      routedAt: undefined,
      firstByteAt: undefined,
    };
    const at = this.#now();
    this.#latestMs = Math.max(this.#latestMs, request.sentAt - dueAt);
    this.#counts.sent += 1;
    this.#counts.routing += 1;
    this.#series.add(at, "sent");
    this.#series.due(dueAt - this.#startedAt);
    this.#series.inFlight(at, 1);
    return {
      routed: () => this.#routed(request),
      answer: (url: string) => {
        this.#workers.set(url, (this.#workers.get(url) ?? 0) + 1);
      },
      firstByte: () => {
        request.firstByteAt = performance.now();
      },
      event: () => {
        this.#counts.events += 1;
        this.#series.add(this.#now(), "events");
      },
      ended: (outcome: Success | Failure) => this.#ended(request, outcome),
    };
  }

  /** Ends the run. */
  end(): void {
    this.#endedAt = performance.now();
    this.#series.end(this.#now());
  }

  /** The sums so far. */
  get totals(): LoadTotals {
    return {
      seconds: this.#now() / 1000,
      planned: this.#planned,
      ...this.#counts,
      errors: [...this.#errors.values()].map(({ failure: { where, what, message }, count }) => ({
        where,
        what,
        count,
        message,
      })),
      workers: [...this.#workers].map(([url, requests]) => ({ url, requests })),
      latencyMs: this.#latency.summary,
      firstByteMs: this.#firstByte.summary,
      routingMs: this.#routing.summary,
      latestMs: this.#latestMs,
    };
  }

  /** The completed seconds. */
  get series(): readonly LoadPoint[] {
    if (this.#endedAt === undefined) this.#series.advance(this.#now());
    return this.#series.points;
  }

  get percentiles(): LoadResult["percentiles"] {
    if (this.#latency.count === 0) return [];
    return PERCENTS.map((percent) => ({ percent, latencyMs: this.#latency.percentile(percent) }));
  }

  /** Excerpts of the last answers, oldest first. */
  get answers(): readonly string[] {
    return this.#answers;
  }

  #routed(request: TrackedRequest): void {
    request.routedAt = performance.now();
    this.#counts.routing -= 1;
    this.#counts.generating += 1;
  }

  #ended(request: TrackedRequest, outcome: Success | Failure): void {
    const at = this.#now();
    const endedAt = performance.now();
    if (request.routedAt === undefined) this.#counts.routing -= 1;
    else this.#counts.generating -= 1;
    this.#series.inFlight(at, -1);
    if (!outcome.ok) {
      this.#counts.failed += 1;
      this.#series.add(at, "failed");
      const key = `${outcome.where} ${outcome.what}`;
      const known = this.#errors.get(key);
      if (known) known.count += 1;
      else this.#errors.set(key, { failure: outcome, count: 1 });
      return;
    }
    const { dueAt, sentAt, routedAt = endedAt, firstByteAt = endedAt } = request;
    this.#counts.succeeded += 1;
    this.#counts.tokens += outcome.tokens;
    if (outcome.isCounted) this.#counts.countedTokens += outcome.tokens;
    this.#latency.record(endedAt - dueAt);
    this.#firstByte.record(firstByteAt - dueAt);
    this.#routing.record(routedAt - sentAt);
    this.#series.add(at, "succeeded");
    this.#series.add(at, "tokens", outcome.tokens);
    this.#series.took(at, endedAt - dueAt, firstByteAt - dueAt);
    if (this.#answers.push(outcome.text) > ANSWERS) this.#answers.shift();
  }

  /** Milliseconds since the start. */
  #now(): number {
    return (this.#endedAt ?? performance.now()) - this.#startedAt;
  }
}
