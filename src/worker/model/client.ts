import type { ModelHeaders, Target } from "../config/model-headers.js";
import type { ModelCall, RequestBody, SentBody } from "./call.js";
import type { AnswerSink, ModelTimeouts } from "./connection.js";
import { ModelActivity } from "./model-activity.js";
import { ModelPool } from "./pool.js";

/** Options of the connections to a model server. */
export interface ModelServerOptions {
  /** Connections at once; null is no limit. @default null */
  readonly maxConnections?: number | null;
  /** Counts what the model sends. */
  readonly activity?: ModelActivity;
  /** Sent with each request. @default none */
  readonly headers?: ModelHeaders;
}

/** What may not be in a path. */
const UNSENDABLE = /[^\x21-\x7e]/u;
const UNSENDABLE_ALL = new RegExp(UNSENDABLE, "gu");

/** The model server: its address, the heads of requests to it, and the connections. */
export class ModelServer implements Target {
  readonly url: string;
  readonly headers: ModelHeaders;
  readonly pool: ModelPool;
  /** Lines of every head. */
  readonly #lines: string;
  readonly #basePath: string;

  /** @param url origin and base path, without a trailing slash. */
  constructor(
    url: string,
    { maxConnections = null, activity = new ModelActivity(), headers = {} }: ModelServerOptions = {},
  ) {
    this.url = url;
    this.headers = headers;
    const { protocol, hostname, port, pathname, host } = new URL(url);
    const tls = protocol === "https:";
    const fields = Object.entries({ host, ...headers });
    this.#lines = fields.map(([name, value]) => `${name}: ${value}\r\n`).join("");
    this.#basePath = pathname === "/" ? "" : pathname;
    // An IPv6 address has brackets in a URL, but not in a socket address.
    const address = { host: hostname.replace(/^\[|\]$/g, ""), port: Number(port) || (tls ? 443 : 80), tls };
    this.pool = new ModelPool(address, maxConnections ?? Number.POSITIVE_INFINITY, activity);
  }

  /**
   * The lines of a request's head without those about its body.
   *
   * @param headers of this request; those of every request take precedence.
   */
  headOf(method: string, path: string, headers: ModelHeaders): string {
    const target = UNSENDABLE.test(path) ? path.replace(UNSENDABLE_ALL, encodeURIComponent) : path;
    let head = `${method} ${this.#basePath}${target} HTTP/1.1\r\n${this.#lines}`;
    if (headers.accept === undefined && this.headers.accept === undefined) head += "accept: */*\r\n";
    for (const name of Object.keys(headers)) {
      if (this.headers[name] === undefined) head += `${name}: ${headers[name]}\r\n`;
    }
    return head;
  }

  /** Closes all connections; sinks of calls in progress are not called any more. */
  close(): void {
    this.pool.close();
  }
}

const JSON_TYPE = "application/json";

/** A request to the model with parts of the client's own. */
export interface SpecificRequest {
  readonly method: string;
  readonly path: string;
  /** Behind the question mark, ASCII without blanks; empty for none. */
  readonly query: string;
  /** By name in lower case; values of visible characters. */
  readonly headers: ModelHeaders;
}

/**
 * Sends the requests of one route to the model server. Redirects are not followed, and bodies are not decoded.
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
   * @param contentType one of few values, because its head is cached. @default JSON
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

  /** Sends a request whose method, path or headers are the client's: its head is not cached. */
  send(request: SpecificRequest, body: SentBody, sink: AnswerSink): ModelCall {
    const { method, path, query, headers } = request;
    const head = this.#server.headOf(method, query === "" ? path : `${path}?${query}`, headers);
    return this.#server.pool.send({ head, body, timeouts: this.#timeouts, onResent: this.#onResent }, sink);
  }

  #headFor(path: string, contentType: string, query: string): string {
    // Clients choose queries: these heads are not cached.
    if (query !== "") return this.#postHead(`${path}?${query}`, contentType);
    return contentType === JSON_TYPE ? this.#headOf(path) : this.#otherHeadOf(path, contentType);
  }

  #headOf(path: string): string {
    let head = this.#heads.get(path);
    if (head === undefined) {
      head = this.#postHead(path, JSON_TYPE);
      this.#heads.set(path, head);
    }
    return head;
  }

  #otherHeadOf(path: string, contentType: string): string {
    const key = `${contentType}\n${path}`;
    let head = this.#otherHeads.get(key);
    if (head === undefined) {
      head = this.#postHead(path, contentType);
      this.#otherHeads.set(key, head);
    }
    return head;
  }

  #postHead(path: string, contentType: string): string {
    return this.#server.headOf("POST", path, { "content-type": contentType });
  }
}
