import { TsworkerError } from "../errors.js";
import type { AuthData } from "../wire.js";
import { sseData } from "./sse-data.js";

/** How much of a refusal is quoted in an error, in characters. */
const QUOTED = 500;

/** A worker's answer to a request. Its body can be read once, in one of the three ways. */
export class Answer {
  /** Whether the status is 2xx. */
  readonly ok: boolean;
  readonly status: number;
  /** Base URL of the worker that answered. */
  readonly url: string;
  /** The request's index at the engine. */
  readonly requestIdx: number;
  /** The answer itself, for its headers or another way to read it. */
  readonly response: Response;

  constructor(response: Response, authData: AuthData) {
    this.ok = response.ok;
    this.status = response.status;
    this.url = authData.url;
    this.requestIdx = authData.request_idx;
    this.response = response;
  }

  /** The body as JSON, whatever the status. @throws {SyntaxError} when it is not JSON. */
  async json<T = unknown>(): Promise<T> {
    return (await this.response.json()) as T;
  }

  /** The body as text, whatever the status. */
  async text(): Promise<string> {
    return this.response.text();
  }

  /**
   * The `data:` payloads of a stream of server-sent events, each as soon as it arrives, unparsed and including
   * a last `[DONE]` where the model sends one. Leaving the loop early closes the connection, which cancels the
   * request.
   *
   * @throws {TsworkerError} `WORKER_REFUSED` when the status is not 2xx.
   * @throws the connection's error when the stream breaks off.
   */
  async *events(): AsyncGenerator<string, void> {
    if (!this.ok) {
      const body = (await this.text()).slice(0, QUOTED);
      throw new TsworkerError("WORKER_REFUSED", `the worker at ${this.url} answered ${this.status}: ${body}`);
    }
    if (this.response.body) yield* sseData(this.response.body);
  }
}
