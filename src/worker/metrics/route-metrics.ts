import type { Outcome } from "../../../machines/events.js";
import { Durations } from "./durations.js";
import { GenerationMetrics } from "./generation-metrics.js";

/** HTTP status codes have three digits. */
const STATUS_LIMIT = 1000;

/**
 * Counters and histograms of the requests to one handler route. Each method is called on the path of every request: it
 * updates plain numbers, which become text at a scrape only.
 *
 * A request that is admitted is `started` and `firstByte` at most once each, at the time when that happens: a stream
 * may continue for minutes after it. Every request is `ended` exactly once, those that were never admitted too.
 */
export class RouteMetrics {
  /** The route, such as `/v1/completions`: no other `RouteMetrics` of the worker has it. */
  readonly route: string;
  /** Arrival to start of the requests that started. Those that went away while they waited are not among them. */
  readonly queueWait = new Durations();
  /** Arrival to the first byte of the answer, whatever became of the request afterwards. */
  readonly timeToFirstByte = new Durations();
  /**
   * Arrival to end of the requests that ended as a success. How long the others took says how long a client has
   * patience, or how fast a refusal is, and would hide how long the model takes.
   */
  readonly latency = new Durations();
  /** Undefined where answers have no tokens. */
  readonly generation: GenerationMetrics | undefined;
  #success = 0;
  #error = 0;
  #cancelled = 0;
  #rejected = 0;
  #modelRetries = 0;
  readonly #byStatus = new Float64Array(STATUS_LIMIT);

  /** @param operation what its model generates; undefined where its answers have no tokens. */
  constructor(route: string, operation?: string) {
    this.route = route;
    this.generation = operation === undefined ? undefined : new GenerationMetrics(operation);
  }

  /**
   * A request's turn has come.
   *
   * @param waitMs milliseconds since its arrival.
   */
  started(waitMs: number): void {
    this.queueWait.observe(waitMs);
  }

  /**
   * The first byte of the handler's answer went to the client. An error that the worker answers itself is no answer
   * of the handler.
   *
   * @param ms milliseconds since the request's arrival.
   */
  firstByte(ms: number): void {
    this.timeToFirstByte.observe(ms);
  }

  /**
   * A request has ended.
   *
   * @param outcome `rejected` for whatever was not admitted.
   * @param status HTTP status that the client got, or the one that is logged where the client had disconnected.
   * @param ms milliseconds since its arrival.
   */
  ended(outcome: Outcome, status: number, ms: number): void {
    switch (outcome) {
      case "success":
        this.#success++;
        this.latency.observe(ms);
        break;
      case "error":
        this.#error++;
        break;
      case "cancelled":
        this.#cancelled++;
        break;
      case "rejected":
        this.#rejected++;
    }
    if (status >= 0 && status < STATUS_LIMIT) this.#byStatus[status] = (this.#byStatus[status] ?? 0) + 1;
  }

  /** The request was sent to the model once more, because the connection that it was sent on had ended. */
  resent(): void {
    this.#modelRetries++;
  }

  /** Number of requests that were sent to the model for the second time. */
  get modelRetries(): number {
    return this.#modelRetries;
  }

  /** Number of ended requests by outcome. */
  get outcomes(): Readonly<Record<Outcome, number>> {
    return {
      success: this.#success,
      error: this.#error,
      cancelled: this.#cancelled,
      rejected: this.#rejected,
    };
  }

  /** Number of ended requests by HTTP status, of those that occurred. */
  *statuses(): Generator<readonly [status: number, count: number]> {
    for (const entry of this.#byStatus.entries()) if (entry[1] > 0) yield entry;
  }
}
