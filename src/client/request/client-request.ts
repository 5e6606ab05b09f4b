import { TsworkerError } from "../../shared/errors.js";
import type { Semaphore } from "../../shared/semaphore.js";
import type { AuthData, Payload } from "../../shared/wire.js";
import type { Account, Credentials } from "../account/account.js";
import { AnswerStream } from "../stream/answer-stream.js";
import { Answer } from "./answer.js";
import { executeRequest, type RequestResult } from "./execute-request.js";
import { Progress, type RequestStatus, type RequestTimes } from "./progress.js";
import { requestOptionErrors, type SendOptions } from "./request-options.js";
import { retryPolicy } from "./retry-policy.js";

/** Default limit of one try, in milliseconds. */
const ATTEMPT_MS = 600_000;

/** The parts of a client that its endpoints and sessions share. */
export interface ClientContext {
  /** For the engine and the web service. */
  readonly fetch: typeof fetch;
  readonly workerFetch: typeof fetch;
  readonly engineUrl: string;
  readonly concurrency: Semaphore;
  readonly account: Account;
  /** Records the seconds between sending a request to a worker and its whole answer. */
  readonly recordLatency: (seconds: number) => void;
  /** The endpoint's credentials as given by the caller. */
  readonly given: Partial<Credentials>;
}

interface ClientRequest extends SendOptions {
  readonly context: ClientContext;
  readonly cost?: number | undefined;
  readonly locate: (requestIdx: number, progress: Progress) => Promise<AuthData>;
  readonly path: string;
  readonly payload: Payload;
  readonly sessionId: string | null;
  /** Whether the last refusal is an answer, and not an error. @default only without retries */
  readonly returnsRefusal?: boolean;
  /** Whether bodies of any type are streamed to the caller, as with `fetch`. @default false */
  readonly streamsAny?: boolean;
}

/** Starts a request. */
export function startRequest(request: ClientRequest): {
  readonly progress: Progress;
  readonly result: Promise<RequestResult>;
} {
  const { context, locate, retry, streamsAny = false, stream = false } = request;
  const progress = new Progress({ ...request, onComplete: context.recordLatency });
  const errors = requestOptionErrors(request);
  if (errors.length > 0) {
    progress.fail();
    const message = `the request's options are invalid: ${errors.join("; ")}`;
    return { progress, result: Promise.reject(new TsworkerError("CONFIG_INVALID", message)) };
  }
  const result = executeRequest({
    ...request,
    stream,
    streamsAny,
    concurrency: context.concurrency,
    fetch: context.workerFetch,
    progress,
    locate: (requestIdx) => locate(requestIdx, progress),
    retry: retryPolicy(retry, { timeoutMs: request.timeoutMs, inSession: request.sessionId !== null }),
    attemptTimeoutMs: request.attemptTimeoutMs ?? (retry === false ? Number.POSITIVE_INFINITY : ATTEMPT_MS),
    returnsRefusal: request.returnsRefusal ?? retry === false,
  });
  return { progress, result };
}

/** The result as the caller's kind of answer. */
export const answerOf = (result: RequestResult, { stream, onInvalidEvent }: SendOptions): Answer =>
  stream === true ? new AnswerStream(result, onInvalidEvent) : new Answer(result);

/**
 * The promise of an answer, with the status of the request.
 *
 * @example
 * ```ts
 * const pending = endpoint.request("/v1/completions", { prompt: "Hello" });
 * console.log(pending.status); // "queued"
 * const answer = await pending;
 * ```
 */
export class PendingRequest<T> implements Promise<T> {
  readonly [Symbol.toStringTag] = "PendingRequest";
  // biome-ignore lint/suspicious/noThenProperty: it is a promise with a status
  readonly then: Promise<T>["then"];
  readonly catch: Promise<T>["catch"];
  readonly finally: Promise<T>["finally"];
  readonly #progress: Progress;

  constructor(promise: Promise<T>, progress: Progress) {
    // biome-ignore lint/suspicious/noThenProperty: as above
    this.then = promise.then.bind(promise);
    this.catch = promise.catch.bind(promise);
    this.finally = promise.finally.bind(promise);
    this.#progress = progress;
  }

  get status(): RequestStatus {
    return this.#progress.status;
  }

  /** Moments of the request so far. */
  get times(): RequestTimes {
    return this.#progress.times;
  }

  /**
   * Cancels the request: the promise rejects, or the stream breaks off, with an `AbortError`. No effect on a request that
   * has ended.
   */
  cancel(): void {
    this.#progress.cancel();
  }
}
