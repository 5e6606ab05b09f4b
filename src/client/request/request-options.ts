import type { TsworkerError } from "../../shared/errors.js";
import type { RequestProgress, RequestStatus } from "./progress.js";
import type { RetryOptions } from "./retry-policy.js";

/** Options of any request. */
export interface SendOptions {
  /**
   * Whether the answer is a stream of parsed events. Whether the model streams depends on the payload, usually on a
   * `stream: true` of its own.
   * @default false
   */
  readonly stream?: boolean | undefined;
  /**
   * Called for each event of a stream that is not JSON, which is then skipped. Without it such an event is an error.
   *
   * @param text - the event's data.
   */
  readonly onInvalidEvent?: ((error: TsworkerError, text: string) => void) | undefined;
  /** Aborts the request: in the line, while routing, while waiting, and in the middle of the answer. */
  readonly signal?: AbortSignal | undefined;
  /**
   * Milliseconds that the request may take, from the call to the end of its answer: the line, all tries and the whole of
   * a stream included. Without a limit the client waits for a worker as long as the engine answers.
   * @default no limit
   */
  readonly timeoutMs?: number | undefined;
  /**
   * Milliseconds that one try may take at a worker: until its answer is whole, or begins where it is a stream. The try
   * then counts as failed.
   * @default 600000 (10 minutes); no limit with `retry: false`
   */
  readonly attemptTimeoutMs?: number | undefined;
  /**
   * Retries after 408, 429, 5xx except 501, a worker that cannot be reached and an answer that breaks off before any of it
   * was returned: a worker is requested from the engine again, for the same request. `false`: no retries, and refusals are answers.
   * @default retries until `timeoutMs` is over
   */
  readonly retry?: RetryOptions | false | undefined;
  /**
   * Called with the request's status, immediately and after each change. An exception of the callback is an uncaught
   * error of the program, as in an event listener, and does not affect the request.
   */
  readonly onStatus?: ((status: RequestStatus) => void) | undefined;
  /**
   * Called like `onStatus`, and whenever the engine reports that no worker is ready yet, with the state of the request:
   * shows a cold start.
   */
  readonly onProgress?: ((progress: RequestProgress) => void) | undefined;
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
export function requestOptionErrors(options: RequestOptions): readonly string[] {
  const { attemptTimeoutMs, cost, retry, timeoutMs } = options;
  const { attempts, withinMs, firstWaitMs, longestWaitMs } = retry || {};
  return [
    ...errorOf("cost", cost, "a finite number from 0 on", (value) => value >= 0 && value < Infinity),
    ...errorOf("timeoutMs", timeoutMs, "a number over 0", (value) => value > 0),
    ...errorOf("attemptTimeoutMs", attemptTimeoutMs, "a number over 0", (value) => value > 0),
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
