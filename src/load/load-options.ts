import type { Payload } from "../shared/wire.js";
import type { PayloadOrder } from "./payload-order.js";
import type { Profile } from "./schedule.js";

/** Requests that arrive by the clock, whatever becomes of earlier ones. */
export interface OpenArrivals {
  readonly kind: "open";
  readonly profile: Profile;
  /** Number of arrivals. */
  readonly count: number;
  /** Arrivals per second, on average. */
  readonly rps: number;
  /** What arrives while so many requests are under way is not sent. */
  readonly maxInFlight: number;
}

/** Requests of which each follows an earlier one that has ended. */
export interface ClosedArrivals {
  readonly kind: "closed";
  readonly concurrency: number;
  /** Number of requests; Infinity: as many as come to be in the time. */
  readonly count: number;
  /** How long requests are sent; Infinity: until all are. */
  readonly seconds: number;
}

export type Arrivals = OpenArrivals | ClosedArrivals;

/** What a load test does. */
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
  /** Whether to ask for streams: each payload is sent with `stream: true`. */
  readonly stream: boolean;
  /** How long a request may take from its beginning to the end of its answer. */
  readonly timeoutMs: number;
  readonly arrivals: Arrivals;
}
