import { errorMessage, TsworkerError } from "../shared/errors.js";
import { urlAt } from "../shared/url.js";
import type { AuthData, Payload } from "../shared/wire.js";
import type { Answer } from "./request/answer.js";
import { answerOf, type ClientContext, PendingRequest, startRequest } from "./request/client-request.js";
import { excerpt, fieldsOf, parsedJson } from "./request/http-response.js";
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
  /** Seconds. */
  readonly lifetime: number;
  /** Epoch seconds. */
  readonly expiration: number;
}

/** Time limit of calls about a session, in milliseconds. */
const CALL_MS = 10_000;

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
  /** What the engine signed for it: with the `id`, the credentials by which another client attaches to the session. */
  readonly authData: AuthData;
  /** Seconds by which each request extends it. */
  readonly lifetime: number;
  /** Epoch seconds of its expiration as of its creation, or of {@link Endpoint.getSession}; requests extend it. */
  readonly expiration: number;
  readonly #input: SessionInput;
  #closing: Promise<void> | undefined;
  #isOpen = true;

  constructor(input: SessionInput) {
    this.id = input.id;
    this.url = input.authData.url;
    this.authData = input.authData;
    this.lifetime = input.lifetime;
    this.expiration = input.expiration;
    this.#input = input;
  }

  /** Whether the session is open, as far as is known: false after it was closed, or the worker reported its end. */
  get isOpen(): boolean {
    return this.#isOpen;
  }

  /**
   * Requests from the worker whether the session is open, which does not extend it.
   *
   * @throws {TsworkerError} `WORKER_UNREACHABLE`, `WORKER_REFUSED`.
   */
  async checkOpen(): Promise<boolean> {
    const { context, authData, id } = this.#input;
    const { target, status, text } = await callSession(context, "session/health", id, authData);
    const { ok } = fieldsOf(parsedJson(text));
    if (status !== 200 || typeof ok !== "boolean") throw refused(target, status, text);
    if (!ok) this.#isOpen = false;
    return ok;
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
        this.#isOpen = false;
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
    const { target, status, text } = await callSession(context, "session/end", id, authData);
    // 400: the session does not exist any more; 410: it is closing already.
    if (!(status >= 200 && status < 300) && status !== 400 && status !== 410)
      throw refused(target, status, text);
    this.#isOpen = false;
  }

  #closed(): TsworkerError {
    return new TsworkerError(
      "SESSION_CLOSED",
      `the worker at ${this.url} does not know the session ${this.id} any more: it was closed, or its lifetime is over; open a new one, with a longer lifetime if need be`,
    );
  }
}

/** Calls a route of a session's worker, once. @throws {TsworkerError} `WORKER_UNREACHABLE`. */
async function callSession(context: ClientContext, path: string, id: string, authData: AuthData) {
  const target = urlAt(authData.url, path);
  try {
    const response = await context.workerFetch(target, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ session_id: id, session_auth: authData }),
      redirect: "manual",
      signal: AbortSignal.timeout(CALL_MS),
    });
    return { target, status: response.status, text: await response.text() };
  } catch (cause) {
    const message = `no answer from the worker at ${target}: ${errorMessage(cause)}`;
    throw new TsworkerError("WORKER_UNREACHABLE", message, { cause });
  }
}

const refused = (target: string, status: number, text: string): TsworkerError =>
  new TsworkerError("WORKER_REFUSED", `the worker at ${target} answered ${status}: ${excerpt(text)}`);

/** The session in a worker's answer to `/session/create`. @throws {TsworkerError} `WORKER_REFUSED`, `ANSWER_INVALID`. */
export async function sessionOf(
  context: ClientContext,
  answer: Answer,
  { authData, lifetime }: { readonly authData: AuthData; readonly lifetime: number },
): Promise<Session> {
  await answer.expectOk();
  const text = await answer.text();
  const { session_id: id, expiration } = fieldsOf(parsedJson(text));
  if (typeof id === "string" && typeof expiration === "number") {
    return new Session({ context, id, authData, lifetime, expiration });
  }
  throw new TsworkerError(
    "ANSWER_INVALID",
    `expected a session_id and its expiration from the worker at ${authData.url}, got ${excerpt(text)}`,
  );
}

/** A session that is open at a worker. @throws {TsworkerError}, see {@link Endpoint.getSession}. */
export async function existingSession(context: ClientContext, id: string, auth: AuthData): Promise<Session> {
  const { target, status, text } = await callSession(context, "session/get", id, auth);
  if (status === 400) {
    throw new TsworkerError(
      "SESSION_CLOSED",
      `the worker at ${auth.url} has no session ${id}: ${excerpt(text)}`,
    );
  }
  if (status !== 200) throw refused(target, status, text);
  const { expiration, lifetime } = fieldsOf(parsedJson(text));
  if (typeof expiration === "number" && typeof lifetime === "number") {
    return new Session({ context, id, authData: auth, lifetime, expiration });
  }
  throw new TsworkerError(
    "ANSWER_INVALID",
    `expected a session from the worker at ${target}, got ${excerpt(text)}`,
  );
}
