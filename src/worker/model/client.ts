import type { ModelCall } from "./call.js";
import type { AnswerSink, ModelTimeouts } from "./connection.js";
import type { ModelServer } from "./model-server.js";
import type { RequestBody } from "./request-body.js";

const JSON_TYPE = "application/json";

/**
 * Sends the requests of one route to the model server. Redirects are the client's business and bodies are not decoded.
 */
export class ModelClient {
  readonly #server: ModelServer;
  readonly #timeouts: ModelTimeouts;
  readonly #onResent: (() => void) | undefined;
  /** Heads of requests with a JSON body, by path. */
  readonly #heads = new Map<string, string>();
  /** Heads of others, by content type and path; both are few. */
  readonly #otherHeads = new Map<string, string>();

  /** @param onResent called when a request is sent for the second time. */
  constructor(server: ModelServer, timeouts: ModelTimeouts, onResent?: () => void) {
    this.#server = server;
    this.#timeouts = timeouts;
    this.#onResent = onResent;
  }

  /**
   * POSTs a body to a path on the model server.
   *
   * @param contentType one of a few, such as that of a boundary that stays: its head is kept. @default JSON
   * @param query behind the question mark, ASCII without blanks. @default none
   */
  post(
    path: string,
    body: RequestBody,
    sink: AnswerSink,
    contentType: string = JSON_TYPE,
    query = "",
  ): ModelCall {
    const head = this.#headFor(path, contentType, query);
    const request = { head, body, timeouts: this.#timeouts, onResent: this.#onResent };
    return this.#server.pool.send(request, sink);
  }

  #headFor(path: string, contentType: string, query: string): string {
    // Clients make up queries as they like: their heads are not kept.
    if (query !== "") return this.#server.headOf(`${path}?${query}`, contentType);
    return contentType === JSON_TYPE ? this.#headOf(path) : this.#otherHeadOf(path, contentType);
  }

  #headOf(path: string): string {
    let head = this.#heads.get(path);
    if (head === undefined) {
      head = this.#server.headOf(path, JSON_TYPE);
      this.#heads.set(path, head);
    }
    return head;
  }

  #otherHeadOf(path: string, contentType: string): string {
    const key = `${contentType}\n${path}`;
    let head = this.#otherHeads.get(key);
    if (head === undefined) {
      head = this.#server.headOf(path, contentType);
      this.#otherHeads.set(key, head);
    }
    return head;
  }
}
