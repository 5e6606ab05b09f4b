import { TsworkerError } from "../shared/errors.js";
import type { AuthData, Payload } from "../shared/wire.js";
import type { Credentials } from "./account/account.js";
import { type EndpointLogs, type EndpointWorker, logsOf, workersOf } from "./account/endpoint-worker.js";
import type { Answer } from "./request/answer.js";
import { askJson } from "./request/ask-json.js";
import { answerOf, beginRequest } from "./request/begin-request.js";
import { endpointFetch, type FetchOptions } from "./request/endpoint-fetch.js";
import type { Link } from "./request/link.js";
import { PendingRequest } from "./request/pending-request.js";
import type { Progress } from "./request/progress.js";
import type { RequestOptions } from "./request/request-options.js";
import { route } from "./request/route.js";
import { urlAt } from "./request/url-at.js";
import { type Session, type SessionOptions, sessionOf } from "./session/session.js";
import type { AnswerStream } from "./stream/answer-stream.js";

/** Milliseconds that the engine may take to tell of an endpoint. */
const TELL_MS = 30_000;

/** One endpoint of a {@link Serverless}. */
export class Endpoint {
  readonly name: string;
  /**
   * Base URL for the `openai` package, together with {@link Endpoint.fetch}. Nothing listens there, and nothing ever
   * will, so that a client that is not given the `fetch` fails and sends nobody its key.
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
  readonly #link: Link;

  constructor(name: string, link: Link) {
    this.name = name;
    this.#link = link;
    this.fetch = this.fetchWith({});
  }

  /**
   * Sends a request to a worker of the endpoint. Resolves when the worker's answer is there, whatever its status (look at
   * `ok`), or as soon as it begins where it is a stream.
   *
   * @param path - the worker's route, such as `/v1/completions`.
   * @param payload - what the route's handler gets.
   * @throws {TsworkerError} `NO_WORKER_READY`, `ENGINE_UNREACHABLE` when the engine named no worker in time;
   * `ENGINE_REFUSED` when it never will (wrong key, unknown endpoint), `ENGINE_INVALID` when it is no engine;
   * `RETRIES_EXHAUSTED`, with all failures in the message and in the cause, when the last try has failed. With
   * `retry: false`: `WORKER_UNREACHABLE`, `ANSWER_BROKEN`; `WORKER_REFUSED` for a redirect; `REQUEST_TIMEOUT` when
   * `timeoutMs` is over; `CONFIG_INVALID` for options that are at fault.
   * @throws the signal's reason when it is aborted.
   */
  request<T = unknown>(
    path: string,
    payload: Payload,
    options: RequestOptions & { readonly stream: true },
  ): PendingRequest<AnswerStream<T>>;
  request(path: string, payload: Payload, options?: RequestOptions): PendingRequest<Answer>;
  request(path: string, payload: Payload, options: RequestOptions = {}): PendingRequest<Answer> {
    const { progress, performed } = beginRequest({
      ...options,
      link: this.#link,
      locate: (requestIdx, progress) => this.#locate(requestIdx, progress, options),
      path,
      payload,
      sessionId: null,
    });
    return new PendingRequest(
      performed.then((each) => answerOf(each, options.stream)),
      progress,
    );
  }

  /**
   * Opens a session: a place on one worker, until it is closed or its lifetime is over.
   *
   * @throws as {@link Endpoint.request}; {@link TsworkerError} `WORKER_REFUSED` when the worker does not open it.
   */
  async session(options: SessionOptions = {}): Promise<Session> {
    const { lifetime = 60, onCloseRoute, onClosePayload, ...rest } = options;
    const { performed } = beginRequest({
      ...rest,
      link: this.#link,
      locate: (requestIdx, progress) => this.#locate(requestIdx, progress, rest),
      path: "/session/create",
      payload: {
        lifetime,
        ...(onCloseRoute !== undefined && { on_close_route: onCloseRoute }),
        ...(onClosePayload !== undefined && { on_close_payload: onClosePayload }),
      },
      sessionId: null,
    });
    const each = await performed;
    return sessionOf(this.#link, answerOf(each, false), each.authData);
  }

  /**
   * The endpoint's workers, as the engine knows them.
   *
   * @throws {TsworkerError} `ENGINE_UNREACHABLE`, `ENGINE_REFUSED`, `ENGINE_INVALID`.
   */
  async workers(options: { readonly signal?: AbortSignal } = {}): Promise<readonly EndpointWorker[]> {
    return workersOf(await this.#tell("get_endpoint_workers/", {}, options.signal));
  }

  /**
   * The engine's log of the endpoint.
   *
   * @param tail - how many of the last lines of each level. @default 100
   * @throws {TsworkerError} `ENGINE_UNREACHABLE`, `ENGINE_REFUSED`, `ENGINE_INVALID`.
   */
  async logs(tail = 100, options: { readonly signal?: AbortSignal } = {}): Promise<EndpointLogs> {
    return logsOf(await this.#tell("get_endpoint_logs/", { tail }, options.signal));
  }

  /** {@link Endpoint.fetch} with a cost of one's own, or other options. */
  fetchWith(options: FetchOptions): typeof fetch {
    return endpointFetch(async ({ route: path, payload, ...rest }) => {
      const { performed } = beginRequest({
        ...rest,
        link: this.#link,
        locate: (requestIdx, progress) => this.#locate(requestIdx, progress, rest),
        path,
        payload,
        sessionId: null,
        returnsRefusal: true,
        passes: true,
      });
      return (await performed).response;
    }, options);
  }

  async #locate(requestIdx: number, progress: Progress, { cost = 100 }: RequestOptions): Promise<AuthData> {
    const { account, engineUrl, fetch } = this.#link;
    const { signal } = progress;
    const credentials = await this.#credentials(signal, progress.routingMs);
    try {
      const { name: endpoint } = this;
      const timeoutMs = progress.routingMs;
      return await route({ endpoint, credentials, engineUrl, fetch, cost, requestIdx, timeoutMs, signal });
    } catch (error) {
      // The key may have been changed, or the endpoint made anew.
      if (error instanceof TsworkerError && error.code === "ENGINE_REFUSED") account.forget();
      throw error;
    }
  }

  #credentials(signal: AbortSignal | undefined, withinMs: number): Promise<Credentials> {
    return this.#link.account.credentials(this.name, { given: this.#link.given, withinMs, signal });
  }

  async #tell(path: string, parameters: Payload, signal: AbortSignal | undefined): Promise<unknown> {
    const { engineUrl, fetch } = this.#link;
    const { apiKey, doubt, id } = await this.#credentials(signal, TELL_MS);
    if (id === undefined) {
      throw new TsworkerError(
        "ENGINE_REFUSED",
        `the id of the endpoint "${this.name}" is not known, by which the engine is asked: ${doubt ?? "it was not looked up"}; check the endpoint's name, or give the id: serverless.endpoint(name, { id })`,
      );
    }
    const url = urlAt(engineUrl, path);
    const body = { id, api_key: apiKey, ...parameters };
    const asked = await askJson({
      fetch,
      whom: "the engine",
      url,
      apiKey,
      body,
      withinMs: TELL_MS,
      signal,
    });
    if ("failure" in asked) throw asked.failure;
    return asked.json;
  }
}
