import { errorMessage, TsworkerError } from "../shared/errors.js";
import { urlAt } from "../shared/url.js";
import type { AuthData, Payload } from "../shared/wire.js";
import type { Answer } from "./request/answer.js";
import { answerOf, type ClientContext, PendingRequest, startRequest } from "./request/client-request.js";
import { excerpt } from "./request/http-response.js";
import type { RequestOptions, SendOptions } from "./request/request-options.js";
import type { AnswerStream } from "./stream/answer-stream.js";

/** Options of {@link Endpoint.session}. */
export interface SessionOptions extends Omit<RequestOptions, "stream" | "onStatus"> {
  /** Seconds until the session expires; each request in it extends that by as much. @default 60 */
  readonly lifetime?: number | undefined;
  /** URL, or path on the model server, to which the worker sends a POST when the session closes. @default none */
  readonly onCloseRoute?: string | undefined;
  /** Body of that POST, besides the `session_id`. */
  readonly onClosePayload?: Payload | undefined;
}

interface SessionInput {
  readonly context: ClientContext;
  readonly id: string;
  readonly authData: AuthData;
  /** Epoch seconds. */
  readonly expiration: number;
}

/** Time limit of closing a session, in milliseconds. */
const CLOSE_MS = 10_000;

/**
 * A slot on one worker that is reserved for this client. Requests in it go to that worker directly, without the engine.
 *
 * @example
 * ```ts
 * await using session = await endpoint.session({ lifetime: 120, cost: 500 });
 * await session.request("/v1/completions", { prompt: "One" });
 * await session.request("/v1/completions", { prompt: "Two" });
 * ```
 */
export class Session implements AsyncDisposable {
  readonly id: string;
  /** Base URL of its worker. */
  readonly url: string;
  /** Epoch seconds of its expiration as of its creation; requests extend it. */
  readonly expiration: number;
  readonly #input: SessionInput;
  #closing: Promise<void> | undefined;

  constructor(input: SessionInput) {
    this.id = input.id;
    this.url = input.authData.url;
    this.expiration = input.expiration;
    this.#input = input;
  }

  /**
   * Sends a request to the session's worker. Retries go to the same worker.
   *
   * @throws {TsworkerError} `SESSION_CLOSED` when the session does not exist (any more);
   * `WORKER_UNREACHABLE`, `ANSWER_BROKEN`, `RETRIES_EXHAUSTED`.
   * @throws the signal's reason when it is aborted.
   */
  request<T = unknown>(
    path: string,
    payload: Payload,
    options: SendOptions & { readonly stream: true },
  ): PendingRequest<AnswerStream<T>>;
  request(path: string, payload: Payload, options?: SendOptions): PendingRequest<Answer>;
  request(path: string, payload: Payload, options: SendOptions = {}): PendingRequest<Answer> {
    const { authData, context, id } = this.#input;
    const { progress, result } = startRequest({
      ...options,
      context,
      locate: async () => authData,
      path,
      payload,
      sessionId: id,
    });
    const answer = result.then(async (each) => {
      if (each.response.status === 410) {
        await each.response.body?.cancel();
        throw this.#closed();
      }
      return answerOf(each, options);
    });
    return new PendingRequest(answer, progress);
  }

  /**
   * Closes the session, which aborts its running requests. No effect on one that is closed already; after an error
   * another call tries again.
   *
   * @throws {TsworkerError} `WORKER_UNREACHABLE`, `WORKER_REFUSED`; the session then expires at the end of its lifetime.
   */
  close(): Promise<void> {
    this.#closing ??= this.#end().catch((error: unknown) => {
      this.#closing = undefined;
      throw error;
    });
    return this.#closing;
  }

  /** Closes it. After an error it expires at the end of its lifetime. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close().catch(() => {});
  }

  async #end(): Promise<void> {
    const { authData, context, id } = this.#input;
    const target = urlAt(this.url, "session/end");
    let response: Response;
    let text: string;
    try {
      response = await context.workerFetch(target, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ session_id: id, session_auth: authData }),
        signal: AbortSignal.timeout(CLOSE_MS),
      });
      text = await response.text();
    } catch (cause) {
      throw new TsworkerError(
        "WORKER_UNREACHABLE",
        `no answer from the worker at ${target}: ${errorMessage(cause)}`,
        {
          cause,
        },
      );
    }
    // 400: the session does not exist any more; 410: it is closing already.
    if (response.ok || response.status === 400 || response.status === 410) return;
    throw new TsworkerError(
      "WORKER_REFUSED",
      `the worker at ${target} answered ${response.status}: ${excerpt(text)}`,
    );
  }

  #closed(): TsworkerError {
    return new TsworkerError(
      "SESSION_CLOSED",
      `the worker at ${this.url} does not know the session ${this.id} any more: it was closed, or its lifetime is over; open a new one, with a longer lifetime if need be`,
    );
  }
}

/** The session in a worker's answer to `/session/create`. @throws {TsworkerError} `WORKER_REFUSED`, `ANSWER_INVALID`. */
export async function sessionOf(
  context: ClientContext,
  answer: Answer,
  authData: AuthData,
): Promise<Session> {
  await answer.expectOk();
  const text = await answer.text();
  try {
    const { session_id: id, expiration } = JSON.parse(text) as Readonly<Record<string, unknown>>;
    if (typeof id === "string" && typeof expiration === "number") {
      return new Session({ context, id, authData, expiration });
    }
  } catch {
    // Not JSON: the error is below.
  }
  throw new TsworkerError(
    "ANSWER_INVALID",
    `expected a session_id and its expiration from the worker at ${authData.url}, got ${excerpt(text)}`,
  );
}
