import { type Endpoint, Serverless, TsworkerError } from "../client/index.js";
import { VERSION } from "../shared/package-root.js";
import { closedLoop, openLoop } from "./arrival-loops.js";
import { exchange, type Failure, type Success } from "./exchange.js";
import { httpFetch } from "./http-fetch.js";
import type { LoadOptions } from "./load-options.js";
import type { LoadConfig, LoadPoint, LoadResult, LoadTotals } from "./load-result.js";
import { payloadOrder, workloadOf } from "./payloads.js";
import { scheduleOf } from "./schedule.js";
import { Tally } from "./tally.js";

/** Milliseconds that requests in flight may take when a test is interrupted. */
const GRACE_MS = 5000;

/**
 * One run of a load test: sends requests through an engine, by the clock or with a fixed concurrency, and measures their
 * outcomes.
 */
export class LoadTest {
  readonly #options: LoadOptions;
  readonly #endpoint: Endpoint;
  readonly #tally: Tally;
  readonly #startedAt = performance.now();
  readonly #startedOn = new Date();
  readonly #nextPayload: () => number;
  /** Stops the arrivals. */
  readonly #stop = new AbortController();
  /** Aborts the requests in flight. */
  readonly #cut = new AbortController();
  readonly #inFlight = new Set<Promise<void>>();
  #refusal: TsworkerError | undefined;

  /** Starts the clock, but sends no request. */
  constructor(options: LoadOptions) {
    const { apiKey, arrivals, endpoint, engineUrl, order, payloads, seed } = options;
    this.#options = options;
    // The test itself limits the concurrency.
    const serverless = new Serverless({
      apiKey,
      engineUrl,
      maxConcurrency: Number.MAX_SAFE_INTEGER,
      fetch: httpFetch(),
    });
    this.#endpoint = serverless.endpoint(endpoint);
    this.#tally = new Tally(this.#startedAt, Number.isFinite(arrivals.count) ? arrivals.count : null);
    this.#nextPayload = payloadOrder(order, payloads.length, seed);
  }

  /** The sums so far. */
  get totals(): LoadTotals {
    return this.#tally.totals;
  }

  /** The completed seconds. */
  get series(): readonly LoadPoint[] {
    return this.#tally.series;
  }

  /** Seconds during which requests are sent; undefined: it depends on the answers. */
  get plannedSeconds(): number | undefined {
    const { arrivals } = this.#options;
    const seconds = arrivals.kind === "open" ? arrivals.count / arrivals.rps : arrivals.seconds;
    return Number.isFinite(seconds) ? seconds : undefined;
  }

  /**
   * Sends all requests and waits for their answers.
   *
   * @param interrupt ends the test early: nothing more is sent, and requests in flight get a few seconds.
   * @throws {TsworkerError} `ENGINE_REFUSED`, `ENGINE_INVALID` when the engine refuses before any request has succeeded.
   */
  async run(interrupt: AbortSignal): Promise<LoadResult> {
    const end = (): void => this.#end();
    interrupt.addEventListener("abort", end, { once: true });
    if (interrupt.aborted) end();
    try {
      await this.#arrive();
      await Promise.all(this.#inFlight);
    } finally {
      interrupt.removeEventListener("abort", end);
      // Clears the timer of the interruption, too.
      this.#cut.abort();
    }
    this.#tally.end();
    if (this.#refusal !== undefined) throw this.#refusal;
    return this.#result(interrupt.aborted ? "interrupted" : "complete");
  }

  #end(): void {
    this.#stop.abort();
    const timer = setTimeout(() => this.#cut.abort(), GRACE_MS);
    this.#cut.signal.addEventListener("abort", () => clearTimeout(timer), { once: true });
  }

  async #arrive(): Promise<void> {
    const { arrivals } = this.#options;
    const stop = this.#stop.signal;
    if (arrivals.kind === "open") {
      const { profile, count, rps, maxInFlight } = arrivals;
      await openLoop({
        schedule: scheduleOf(profile, count, rps),
        startedAt: this.#startedAt,
        arrive: (_index, dueAt) => {
          if (this.#tally.inFlight >= maxInFlight) this.#tally.notSent(dueAt);
          else void this.#send(dueAt);
        },
        stop,
      });
      return;
    }
    const { concurrency, count, seconds } = arrivals;
    const timer = Number.isFinite(seconds) ? setTimeout(() => this.#stop.abort(), seconds * 1000) : undefined;
    await closedLoop({ concurrency, count, send: () => this.#send(performance.now()), stop });
    clearTimeout(timer);
  }

  #send(dueAt: number): Promise<void> {
    const request = this.#exchange(dueAt).finally(() => this.#inFlight.delete(request));
    this.#inFlight.add(request);
    return request;
  }

  async #exchange(dueAt: number): Promise<void> {
    const { payloads, route, stream, cost, timeoutMs } = this.#options;
    const payload = payloads[this.#nextPayload()] ?? {};
    const request = this.#tally.sent(dueAt);
    const outcome = await exchange({
      endpoint: this.#endpoint,
      route,
      timeoutMs,
      payload: stream ? { ...payload, stream: true } : payload,
      cost: cost ?? workloadOf(payload),
      cut: this.#cut.signal,
      onRouted: request.routed,
      onAnswer: request.answer,
      onFirstByte: request.firstByte,
      onEvent: request.event,
    });
    request.ended(outcome);
    this.#stopIfRefused(outcome);
  }

  /** A wrong key or endpoint fails all requests: there is nothing to measure. */
  #stopIfRefused(outcome: Success | Failure): void {
    if (outcome.ok || !isFinal(outcome.what) || this.#tally.succeeded > 0) return;
    this.#refusal ??= new TsworkerError(outcome.what, outcome.message);
    this.#stop.abort();
    this.#cut.abort();
  }

  #result(ended: LoadResult["ended"]): LoadResult {
    return {
      format: "tsworker-load",
      version: 1,
      tsworker: VERSION,
      startedAt: this.#startedOn.toISOString(),
      ended,
      config: configOf(this.#options),
      totals: this.#tally.totals,
      percentiles: this.#tally.percentiles,
      series: [...this.#tally.series],
      answers: [...this.#tally.answers],
    };
  }
}

const isFinal = (what: string): what is "ENGINE_REFUSED" | "ENGINE_INVALID" =>
  what === "ENGINE_REFUSED" || what === "ENGINE_INVALID";

/** The options without the key. JSON has no Infinity. */
function configOf({ apiKey: _, payloads, cost, arrivals, ...rest }: LoadOptions): LoadConfig {
  const finite = (value: number): number | null => (Number.isFinite(value) ? value : null);
  return {
    ...rest,
    payloads: payloads.length,
    cost: cost ?? null,
    arrivals:
      arrivals.kind === "open"
        ? arrivals
        : { ...arrivals, count: finite(arrivals.count), seconds: finite(arrivals.seconds) },
  };
}
