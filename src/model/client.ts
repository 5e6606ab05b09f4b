import type { TsworkerError } from "../errors.js";
import type { AnswerHead } from "./answer-head.js";
import {
  type AnswerSink,
  Connection,
  type ConnectionSink,
  IDLE_LIMIT_MS,
  type ModelAddress,
  type ModelTimeouts,
} from "./connection.js";

const JSON_TYPE = "application/json";

/** A request under way at the model. */
export interface ModelCall {
  /** Closes the model's connection; the sink hears nothing more. After the end of the answer it does nothing. */
  cancel(): void;
}

/**
 * Sends requests to the model server, over as many connections as there are requests, kept alive between them.
 * Redirects are the client's business and bodies are not decoded.
 *
 * Free connections are a stack: the one that was used last most likely still stands, and the surplus of a busy
 * time grows old at the bottom and is closed.
 */
export class ModelClient implements ConnectionSink {
  readonly #address: ModelAddress;
  readonly #host: string;
  readonly #basePath: string;
  readonly #timeouts: ModelTimeouts;
  readonly #connections = new Set<Connection>();
  /** Heads of requests with a JSON body, by path. */
  readonly #heads = new Map<string, string>();
  /** Heads of others, by content type and path; both are few. */
  readonly #otherHeads = new Map<string, string>();
  #free: Connection[] = [];
  #sweeper: NodeJS.Timeout | undefined;

  /** @param server origin and base path, without a trailing slash. */
  constructor(server: string, timeouts: ModelTimeouts) {
    const { protocol, hostname, port, pathname, host } = new URL(server);
    const tls = protocol === "https:";
    // An IPv6 address stands in brackets in a URL, but not where one connects to it.
    this.#address = { host: hostname.replace(/^\[|\]$/g, ""), port: Number(port) || (tls ? 443 : 80), tls };
    this.#host = host;
    this.#basePath = pathname === "/" ? "" : pathname;
    this.#timeouts = timeouts;
  }

  /**
   * POSTs a body to a path on the model server.
   *
   * @param contentType one of a few, such as that of a boundary that stays: its head is kept. @default JSON
   * @param query behind the question mark, ASCII without blanks. @default none
   */
  post(
    path: string,
    body: Uint8Array | string,
    sink: AnswerSink,
    contentType: string = JSON_TYPE,
    query = "",
  ): ModelCall {
    const connection = this.#takeFree() ?? this.#open();
    const call = new Call(connection, sink);
    connection.send(this.#headFor(path, contentType, query), body, call);
    return call;
  }

  /** Closes all connections; calls under way hear nothing more. */
  close(): void {
    for (const connection of this.#connections) connection.destroy();
    this.#sweep();
  }

  onFree(connection: Connection): void {
    this.#free.push(connection);
    this.#sweeper ??= setInterval(() => this.#sweep(), IDLE_LIMIT_MS / 4);
  }

  onClosed(connection: Connection): void {
    this.#connections.delete(connection);
  }

  #open(): Connection {
    const connection = new Connection(this.#address, this.#timeouts, this);
    this.#connections.add(connection);
    return connection;
  }

  #takeFree(): Connection | undefined {
    const now = performance.now();
    for (let connection = this.#free.pop(); connection !== undefined; connection = this.#free.pop()) {
      if (connection.isUsable(now)) return connection;
      connection.destroy();
    }
    return undefined;
  }

  /** Closes what has been free for too long. */
  #sweep(): void {
    const now = performance.now();
    this.#free = this.#free.filter((connection) => {
      if (connection.isUsable(now)) return true;
      connection.destroy();
      return false;
    });
    if (this.#free.length > 0) return;
    clearInterval(this.#sweeper);
    this.#sweeper = undefined;
  }

  #headFor(path: string, contentType: string, query: string): string {
    // Clients make up queries as they like: their heads are not kept.
    if (query !== "") return this.#makeHead(`${path}?${query}`, contentType);
    return contentType === JSON_TYPE ? this.#headOf(path) : this.#otherHeadOf(path, contentType);
  }

  #headOf(path: string): string {
    let head = this.#heads.get(path);
    if (head === undefined) {
      head = this.#makeHead(path, JSON_TYPE);
      this.#heads.set(path, head);
    }
    return head;
  }

  #otherHeadOf(path: string, contentType: string): string {
    const key = `${contentType}\n${path}`;
    let head = this.#otherHeads.get(key);
    if (head === undefined) {
      head = this.#makeHead(path, contentType);
      this.#otherHeads.set(key, head);
    }
    return head;
  }

  #makeHead(path: string, contentType: string): string {
    return [
      `POST ${this.#basePath}${path.replace(/[^\x21-\x7e]/gu, encodeURIComponent)} HTTP/1.1`,
      `host: ${this.#host}`,
      "accept: */*",
      `content-type: ${contentType}`,
      "content-length: ",
    ].join("\r\n");
  }
}

/** Forgets the connection when the answer has ended: by then it may be somebody else's. */
class Call implements AnswerSink, ModelCall {
  readonly #sink: AnswerSink;
  #connection: Connection | undefined;

  constructor(connection: Connection, sink: AnswerSink) {
    this.#connection = connection;
    this.#sink = sink;
  }

  cancel(): void {
    this.#connection?.destroy();
    this.#connection = undefined;
  }

  onHead(head: AnswerHead, resume: () => void): void {
    this.#sink.onHead(head, resume);
  }

  onData(piece: Buffer): boolean {
    return this.#sink.onData(piece);
  }

  onEnd(): void {
    this.#connection = undefined;
    this.#sink.onEnd();
  }

  onError(error: TsworkerError): void {
    this.#connection = undefined;
    this.#sink.onError(error);
  }
}
