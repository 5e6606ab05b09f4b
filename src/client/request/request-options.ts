import type { RequestStatus } from "./request-status.js";
import type { RetryOptions } from "./retry-policy.js";

/** How a request is sent, wherever it goes. */
export interface SendOptions {
  /**
   * Whether the answer is wanted as a stream of parsed events. That the model streams it is up to the payload, usually
   * by a `stream: true` of its own.
   * @default false
   */
  readonly stream?: boolean | undefined;
  /** Gives up: in the line, while routing, while waiting, and in the middle of the answer. */
  readonly signal?: AbortSignal | undefined;
  /**
   * Milliseconds that the request may take, from the call to the end of its answer: the line, all tries and the whole of
   * a stream included. The engine has as much time to name a worker, and 60 s each time it is asked where there is no
   * such limit.
   * @default no limit
   */
  readonly timeoutMs?: number | undefined;
  /**
   * What is done about 408, 429, 5xx, a worker that cannot be reached and an answer that breaks off before any of it was
   * handed out: the engine is asked again, as the same request. `false`: nothing; refusals are answers then.
   * @default { attempts: 8, withinMs: 300_000 }
   */
  readonly retry?: RetryOptions | false | undefined;
  /**
   * Told how far the request is, at once and with each change. What it throws is an uncaught error of the program, as
   * with an event listener, and changes nothing about the request.
   */
  readonly onStatus?: ((status: RequestStatus) => void) | undefined;
}

/** Options of a request that is routed by the engine. */
export interface RequestOptions extends SendOptions {
  /**
   * Workload of the request, in the units of the endpoint's workers (tokens, for a language model).
   * @default 100
   */
  readonly cost?: number | undefined;
}
