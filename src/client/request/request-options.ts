import type { RequestStatus } from "./progress.js";
import type { RetryOptions } from "./retry-policy.js";

/** Options of any request. */
export interface SendOptions {
  /**
   * Whether the answer is a stream of parsed events. Whether the model streams depends on the payload, usually on a
   * `stream: true` of its own.
   * @default false
   */
  readonly stream?: boolean | undefined;
  /** Aborts the request: in the line, while routing, while waiting, and in the middle of the answer. */
  readonly signal?: AbortSignal | undefined;
  /**
   * Milliseconds that the request may take, from the call to the end of its answer: the line, all tries and the whole of
   * a stream included. The engine has as much time to name a worker, and 60 s each time it is asked where there is no
   * such limit.
   * @default no limit
   */
  readonly timeoutMs?: number | undefined;
  /**
   * Retries after 408, 429, 5xx, a worker that cannot be reached and an answer that breaks off before any of it was
   * returned: the engine is asked again, for the same request. `false`: no retries, and refusals are answers.
   * @default { attempts: 8, withinMs: 300_000 }
   */
  readonly retry?: RetryOptions | false | undefined;
  /**
   * Called with the request's status, immediately and after each change. An exception of the callback is an uncaught
   * error of the program, as in an event listener, and does not affect the request.
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

/** All errors in the numbers of a request's options. A NaN among them could make a request run forever. */
export function requestOptionErrors({ cost, retry, timeoutMs }: RequestOptions): readonly string[] {
  const { attempts, withinMs, firstWaitMs, longestWaitMs } = retry || {};
  return [
    ...errorOf("cost", cost, "a finite number from 0 on", (value) => value >= 0 && value < Infinity),
    ...errorOf("timeoutMs", timeoutMs, "a number over 0", (value) => value > 0),
    ...errorOf("retry.attempts", attempts, "a number from 1 on", (value) => value >= 1),
    ...errorOf("retry.withinMs", withinMs, "a number from 0 on", (value) => value >= 0),
    ...errorOf("retry.firstWaitMs", firstWaitMs, "a number from 0 on", (value) => value >= 0),
    ...errorOf("retry.longestWaitMs", longestWaitMs, "a number from 0 on", (value) => value >= 0),
  ];
}

function errorOf(
  name: string,
  value: number | undefined,
  expected: string,
  isValid: (value: number) => boolean,
): readonly string[] {
  if (value === undefined || (typeof value === "number" && isValid(value))) return [];
  return [`${name}: expected ${expected}, got ${value}`];
}
