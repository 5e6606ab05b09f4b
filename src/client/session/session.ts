import { TsworkerError } from "../../shared/errors.js";
import { reasonOf } from "../../shared/reason-of.js";
import type { AuthData, Payload } from "../../shared/wire.js";
import type { Answer } from "../request/answer.js";
import { answerOf, beginRequest } from "../request/begin-request.js";
import type { Link } from "../request/link.js";
import { PendingRequest } from "../request/pending-request.js";
import { quoted } from "../request/quoted.js";
import type { RequestOptions, SendOptions } from "../request/request-options.js";
import { urlAt } from "../request/url-at.js";
import type { AnswerStream } from "../stream/answer-stream.js";

/** Options of {@link Endpoint.session}. */
export interface SessionOptions extends Omit<RequestOptions, "stream" | "onStatus"> {
  /** Seconds after which the session closes by itself; each request in it puts that off by as much. @default 60 */
  readonly lifetime?: number | undefined;
  /** What the worker POSTs to when the session closes: a URL, or a path on the model server. @default nothing */
  readonly onCloseRoute?: string | undefined;
  /** What it sends there, besides the `session_id`. */
  readonly onClosePayload?: Payload | undefined;
}

interface SessionInput {
  readonly link: Link;
  readonly id: string;
  readonly authData: AuthData;
  /** Epoch seconds. */
  readonly expiration: number;
}

/** Milliseconds that the worker may take to close a session. */
const CLOSE_MS = 10_000;

/**
 * A place on one worker that is kept for this client. Requests in it go straight to that worker, without the engine.
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
  /** Epoch seconds at which it was to close when it was opened; requests put that off. */
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
   * Sends a request to the session's worker. A retry goes to the same worker.
   *
   * @throws {TsworkerError} `SESSION_CLOSED` when the worker does not know the session (any more);
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
    const { authData, id, link } = this.#input;
    const { progress, performed } = beginRequest({
      ...options,
      link,
      locate: async () => authData,
      path,
      payload,
      sessionId: id,
    });
    const answering = performed.then(async (each) => {
      if (each.response.status === 410) {
        await each.response.body?.cancel();
        throw this.#closed();
      }
      return answerOf(each, options.stream);
    });
    return new PendingRequest(answering, progress);
  }

  /**
   * Closes the session, which aborts what runs in it. One that is closed already is left alone; where closing has failed
   * another call tries again.
   *
   * @throws {TsworkerError} `WORKER_UNREACHABLE`, `WORKER_REFUSED`; it then closes by itself when its lifetime is over.
   */
  close(): Promise<void> {
    this.#closing ??= this.#end().catch((error: unknown) => {
      this.#closing = undefined;
      throw error;
    });
    return this.#closing;
  }

  /** Closes it; where that fails, the worker does so when its lifetime is over. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close().catch(() => {});
  }

  async #end(): Promise<void> {
    const { authData, id, link } = this.#input;
    const target = urlAt(this.url, "session/end");
    let response: Response;
    let text: string;
    try {
      response = await link.fetch(target, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ session_id: id, session_auth: authData }),
        signal: AbortSignal.timeout(CLOSE_MS),
      });
      text = await response.text();
    } catch (cause) {
      throw new TsworkerError(
        "WORKER_UNREACHABLE",
        `no answer from the worker at ${target}: ${reasonOf(cause)}`,
        {
          cause,
        },
      );
    }
    // 400: it does not know the session any more; 410: it closes it already.
    if (response.ok || response.status === 400 || response.status === 410) return;
    throw new TsworkerError(
      "WORKER_REFUSED",
      `the worker at ${target} answered ${response.status}: ${quoted(text)}`,
    );
  }

  #closed(): TsworkerError {
    return new TsworkerError(
      "SESSION_CLOSED",
      `the worker at ${this.url} does not know the session ${this.id} any more: it was closed, or its lifetime is over; open a new one, with a longer lifetime if need be`,
    );
  }
}

/** The session that a worker's answer to `/session/create` tells of. @throws {TsworkerError} `WORKER_REFUSED`. */
export async function sessionOf(link: Link, answer: Answer, authData: AuthData): Promise<Session> {
  await answer.expectOk();
  const text = await answer.text();
  try {
    const { session_id: id, expiration } = JSON.parse(text) as Readonly<Record<string, unknown>>;
    if (typeof id === "string" && typeof expiration === "number") {
      return new Session({ link, id, authData, expiration });
    }
  } catch {
    // Said below.
  }
  throw new TsworkerError(
    "ANSWER_INVALID",
    `expected a session_id and its expiration from the worker at ${authData.url}, got ${quoted(text)}`,
  );
}
