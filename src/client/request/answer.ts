import { TsworkerError } from "../../shared/errors.js";
import type { AuthData } from "../../shared/wire.js";
import { sseData, streamedBytes } from "../stream/stream-decoders.js";
import type { RequestResult } from "./execute-request.js";
import { excerpt } from "./http-response.js";
import type { Progress, RequestTimes } from "./progress.js";

/** A worker's answer to a request. Its body can be read once. */
export class Answer {
  /** Whether the status is 2xx. */
  readonly ok: boolean;
  readonly status: number;
  /** Base URL of the worker that answered. */
  readonly url: string;
  /** The engine's answer that named the worker, as it was sent to the worker. */
  readonly authData: AuthData;
  /** Index of the request at the engine, the same for all tries. */
  readonly requestIdx: number;
  /**
   * Seconds from the call until the answer was whole, or began where it is a stream; including the wait for a slot and
   * for a worker, and all tries.
   */
  readonly latency: number;
  /** The HTTP response, with its headers. */
  readonly response: Response;
  readonly #progress: Progress;

  constructor({ authData, progress, response }: RequestResult) {
    this.ok = response.ok;
    this.status = response.status;
    this.url = authData.url;
    this.authData = authData;
    this.requestIdx = authData.request_idx;
    this.latency = progress.elapsedMs / 1000;
    this.#progress = progress;
    this.response = response;
  }

  /** Moments of the request; `ended` is undefined until the body of a stream has ended. */
  get times(): RequestTimes {
    return this.#progress.times;
  }

  /** The body as JSON, whatever the status. @throws {SyntaxError} when it is not JSON. */
  async json<T = unknown>(): Promise<T> {
    return (await this.response.json()) as T;
  }

  /** The body as text, whatever the status. */
  async text(): Promise<string> {
    return this.response.text();
  }

  /** The body's bytes, chunk by chunk, whatever the status. @throws {TsworkerError} `ANSWER_BROKEN`. */
  async *bytes(): AsyncGenerator<Uint8Array, void> {
    if (this.response.body) yield* streamedBytes(this.response.body);
  }

  /**
   * The `data` of server-sent events, each as soon as it arrives, unparsed and including a last `[DONE]` where the model
   * sends one. Leaving the loop early closes the connection, which cancels the request.
   *
   * @throws {TsworkerError} `WORKER_REFUSED` when the status is not 2xx, `ANSWER_BROKEN` when the stream breaks off.
   * @throws the signal's reason when it is aborted.
   */
  async *events(): AsyncGenerator<string, void> {
    await this.expectOk();
    if (this.response.body) yield* sseData(this.response.body);
  }

  /** @throws {TsworkerError} `WORKER_REFUSED` with the body, when the status is not 2xx. */
  async expectOk(): Promise<void> {
    if (this.ok) return;
    throw new TsworkerError(
      "WORKER_REFUSED",
      `the worker at ${this.url} answered ${this.status}: ${excerpt(await this.text())}`,
    );
  }
}
