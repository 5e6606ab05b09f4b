import type { Payload } from "../shared/wire.js";
import type { PayloadOrder } from "./payloads.js";
import type { Profile } from "./schedule.js";

/** Requests that arrive by the clock, whatever the outcome of earlier ones. */
export interface OpenArrivals {
  readonly kind: "open";
  readonly profile: Profile;
  /** Number of arrivals. */
  readonly count: number;
  /** Arrivals per second, on average. */
  readonly rps: number;
  /** Arrivals while so many requests are in flight are not sent. */
  readonly maxInFlight: number;
}

/** Requests that each follow the end of an earlier one. */
export interface ClosedArrivals {
  readonly kind: "closed";
  readonly concurrency: number;
  /** Number of requests; Infinity: limited by the time only. */
  readonly count: number;
  /** Seconds during which requests are sent; Infinity: until all are. */
  readonly seconds: number;
}

export type Arrivals = OpenArrivals | ClosedArrivals;

/** Options of a load test. */
export interface LoadOptions {
  readonly endpoint: string;
  readonly apiKey: string;
  readonly engineUrl: string;
  /** The worker's route, such as `/v1/completions`. */
  readonly route: string;
  readonly payloads: readonly Payload[];
  readonly order: PayloadOrder;
  readonly seed: number;
  /** Workload of each request; undefined: the payload's `max_tokens`, or 100 where it has none. */
  readonly cost: number | undefined;
  /** Whether to request streams: each payload is sent with `stream: true`. */
  readonly stream: boolean;
  /** Time limit of a request, from its start to the end of its answer. */
  readonly timeoutMs: number;
  readonly arrivals: Arrivals;
}
