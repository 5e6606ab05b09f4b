import { TsworkerError } from "../shared/errors.js";
import { isHttpUrl, urlAt } from "../shared/url.js";
import type { AuthData, Payload } from "../shared/wire.js";
import type { Credentials } from "./account/account.js";
import { type EndpointLogs, type EndpointWorker, logsOf, workersOf } from "./account/endpoint-worker.js";
import { endpointFetch, type FetchOptions } from "./fetch/endpoint-fetch.js";
import type { Answer } from "./request/answer.js";
import { answerOf, type ClientContext, PendingRequest, startRequest } from "./request/client-request.js";
import { callJson } from "./request/json-call.js";
import type { Progress } from "./request/progress.js";
import type { RequestOptions } from "./request/request-options.js";
import { route } from "./request/route.js";
import { existingSession, type Session, type SessionOptions, sessionOf } from "./session.js";
import type { AnswerStream } from "./stream/answer-stream.js";

/** Time limit of queries about an endpoint, in milliseconds. */
const QUERY_MS = 30_000;

/** One endpoint of a {@link Serverless}. */
export class Endpoint {
  readonly name: string;
  /**
   * Base URL for the `openai` package, together with {@link Endpoint.fetch}. The domain is reserved, so that a client
   * without that `fetch` fails before it sends its key.
   */
  readonly openaiUrl = "https://tsworker.invalid/v1";
  /**
   * A `fetch` that sends requests through the engine, for the `openai` package.
   *
   * @example
   * ```ts
   * const openai = new OpenAI({ baseURL: endpoint.openaiUrl, apiKey: "unused", fetch: endpoint.fetch });
   * ```
   */
  readonly fetch: typeof fetch;
  readonly #context: ClientContext;

  constructor(name: string, context: ClientContext) {
    this.name = name;
    this.#context = context;
    this.fetch = this.fetchWith({});
  }

  /**
   * Sends a request to a worker of the endpoint. Resolves when the worker's answer is whole, whatever its status (see
   * `ok`), or as soon as it begins where it is a stream.
   *
   * @param path - the worker's route, such as `/v1/completions`.
   * @param payload - the input of the route's handler.
   * @throws {TsworkerError} `NO_WORKER_READY`, `ENGINE_UNREACHABLE` when the engine named no worker in time;
   * `ENGINE_REFUSED` for a permanent refusal (wrong key, unknown endpoint), `ENGINE_INVALID` when it is no engine;
   * `RETRIES_EXHAUSTED`, with all failures in the message and in the cause, when the last try has failed. With
   * `retry: false`: `WORKER_UNREACHABLE`, `ANSWER_BROKEN`; `WORKER_REFUSED` for a redirect; `REQUEST_TIMEOUT` when
   * `timeoutMs` is over; `CONFIG_INVALID` for invalid options.
   * @throws the signal's reason when it is aborted.
   */
  request<T = unknown>(
    path: string,
    payload: Payload,
    options: RequestOptions & { readonly stream: true },
  ): PendingRequest<AnswerStream<T>>;
  request(path: string, payload: Payload, options?: RequestOptions): PendingRequest<Answer>;
  request(path: string, payload: Payload, options: RequestOptions = {}): PendingRequest<Answer> {
    const { progress, result } = startRequest({
      ...options,
      context: this.#context,
      locate: (requestIdx, progress) => this.#locate(requestIdx, progress, options),
      path,
      payload,
      sessionId: null,
    });
    return new PendingRequest(
      result.then((each) => answerOf(each, options)),
      progress,
    );
  }

  /**
   * Opens a session: a slot on one worker, until it is closed or expires.
   *
   * @throws as {@link Endpoint.request}; {@link TsworkerError} `WORKER_REFUSED` when the worker does not open it.
   */
  async session(options: SessionOptions = {}): Promise<Session> {
    const { lifetime = 60, onCloseRoute, onClosePayload, ...rest } = options;
    const { result } = startRequest({
      ...rest,
      context: this.#context,
      locate: (requestIdx, progress) => this.#locate(requestIdx, progress, rest),
      path: "/session/create",
      payload: {
        lifetime,
        ...(onCloseRoute !== undefined && { on_close_route: onCloseRoute }),
        ...(onClosePayload !== undefined && { on_close_payload: onClosePayload }),
      },
      sessionId: null,
    });
    const created = await result;
    return sessionOf(this.#context, answerOf(created, {}), { authData: created.authData, lifetime });
  }

  /**
   * Attaches to a session that is open.
   *
   * @param id - `id` of the session.
   * @param authData - `authData` of the session.
   * @throws {TsworkerError} `SESSION_CLOSED` when it does not exist; `WORKER_REFUSED` when `authData` is not the session's;
   * `WORKER_UNREACHABLE`, `ANSWER_INVALID`; `CONFIG_INVALID` without a worker's URL in `authData`.
   */
  async getSession(id: string, authData: AuthData): Promise<Session> {
    if (isHttpUrl(authData.url)) return existingSession(this.#context, id, authData);
    throw new TsworkerError("CONFIG_INVALID", `authData.url: expected a worker's URL, got ${authData.url}`);
  }

  /**
   * The endpoint's workers, as reported by the engine.
   *
   * @throws {TsworkerError} `ENGINE_UNREACHABLE`, `ENGINE_REFUSED`, `ENGINE_INVALID`.
   */
  async workers(options: { readonly signal?: AbortSignal } = {}): Promise<readonly EndpointWorker[]> {
    return workersOf(await this.#query("get_endpoint_workers/", {}, options.signal));
  }

  /**
   * The engine's log of the endpoint.
   *
   * @param tail - number of last lines of each level. @default 100
   * @throws {TsworkerError} `ENGINE_UNREACHABLE`, `ENGINE_REFUSED`, `ENGINE_INVALID`.
   */
  async logs(tail = 100, options: { readonly signal?: AbortSignal } = {}): Promise<EndpointLogs> {
    return logsOf(await this.#query("get_endpoint_logs/", { tail }, options.signal));
  }

  /** {@link Endpoint.fetch} with other options. */
  fetchWith(options: FetchOptions): typeof fetch {
    return endpointFetch(async ({ route: path, payload, ...rest }) => {
      const { result } = startRequest({
        ...rest,
        context: this.#context,
        locate: (requestIdx, progress) => this.#locate(requestIdx, progress, rest),
        path,
        payload,
        sessionId: null,
        returnsRefusal: true,
        streamsAny: true,
      });
      return (await result).response;
    }, options);
  }

  async #locate(requestIdx: number, progress: Progress, { cost = 100 }: RequestOptions): Promise<AuthData> {
    const { account, engineUrl, fetch } = this.#context;
    const { signal } = progress;
    const credentials = await this.#credentials(signal, progress.leftMs);
    try {
      return await route({
        endpoint: this.name,
        credentials,
        engineUrl,
        fetch,
        cost,
        requestIdx,
        timeoutMs: progress.leftMs,
        signal,
        onNotReady: (engineStatus) => progress.noWorkerReady(engineStatus),
      });
    } catch (error) {
      // The key may have been replaced, or the endpoint created again.
      if (error instanceof TsworkerError && error.code === "ENGINE_REFUSED") account.forget();
      throw error;
    }
  }

  #credentials(signal: AbortSignal | undefined, withinMs: number): Promise<Credentials> {
    return this.#context.account.credentials(this.name, { given: this.#context.given, withinMs, signal });
  }

  async #query(path: string, parameters: Payload, signal: AbortSignal | undefined): Promise<unknown> {
    const { engineUrl, fetch } = this.#context;
    const { apiKey, id, lookUpError } = await this.#credentials(signal, QUERY_MS);
    if (id === undefined) {
      throw new TsworkerError(
        "ENGINE_REFUSED",
        `the id of the endpoint "${this.name}" is not known: ${lookUpError ?? "it was not looked up"}; check the endpoint's name, or give the id: serverless.endpoint(name, { id })`,
      );
    }
    const url = urlAt(engineUrl, path);
    const body = { id, api_key: apiKey, ...parameters };
    const result = await callJson({
      fetch,
      server: "the engine",
      url,
      apiKey,
      body,
      withinMs: QUERY_MS,
      signal,
    });
    if ("failure" in result) throw result.failure;
    return result.json;
  }
}
