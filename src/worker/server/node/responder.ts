import { type IncomingMessage, type ServerResponse, STATUS_CODES } from "node:http";
import type { Socket } from "node:net";
import type { BodyWriter, RequestSink, Responder, ResponseHead, WriterSink } from "../http-server.js";
import { NodeBodyReader } from "./body-reader.js";
import { NodeBodyWriter } from "./body-writer.js";
import type { NodeLimits } from "./limits.js";

const EMPTY = Buffer.alloc(0);

/** Statuses whose answer has neither a body nor its length. */
const hasNoBody = (status: number): boolean => status < 200 || status === 204 || status === 304;

/** Answers a request of `node:http`. */
export class NodeResponder implements Responder {
  readonly #req: IncomingMessage;
  /** Undefined as soon as it was answered or the client has disconnected. */
  #res: ServerResponse | undefined;
  /** The response loses its own as soon as it is finished. */
  readonly #socket: Socket;
  readonly #limits: NodeLimits;
  #sink: RequestSink | undefined;
  #reader: NodeBodyReader | undefined;
  #writer: NodeBodyWriter | undefined;
  /** It was refused before the end of its body, of which no more is read. */
  #dropsRest = false;
  /** After the answer: limits the time until the client has taken it, then that of the rest of the request. */
  #timer: NodeJS.Timeout | undefined;

  constructor(req: IncomingMessage, res: ServerResponse, limits: NodeLimits) {
    this.#req = req;
    this.#res = res;
    this.#socket = req.socket;
    this.#limits = limits;
    // Of the connection itself: a response that waits behind another one gets no `close`.
    this.#socket.on("close", this.#onClose);
    // Before Node.js itself, which may close the connection here.
    res.prependListener("finish", this.#onFinish);
    // `close` reports the disconnection.
    res.on("error", () => {});
  }

  receive(limit: number, sink: RequestSink): void {
    if (this.#res === undefined) return;
    const announced = Number(this.#req.headers["content-length"]) || 0;
    this.#sink = sink;
    this.#reader = new NodeBodyReader(this.#req, { limit, announced, idleMs: this.#limits.bodyIdleMs }, sink);
    if (announced > limit) sink.onTooLarge();
  }

  pause(): void {
    this.#reader?.pause();
  }

  resume(): void {
    this.#reader?.resume();
  }

  answer(head: ResponseHead, body?: Buffer | string, close = false): void {
    const res = this.#res;
    if (res === undefined) return;
    const more = close ? ["Connection", "close"] : [];
    if (!hasNoBody(head.status)) more.push("Content-Length", String(Buffer.byteLength(body ?? "")));
    writeHead(res, head, more);
    this.#detach();
    const isWithout = this.#req.method === "HEAD" || hasNoBody(head.status);
    if (body === undefined || body.length === 0 || isWithout) res.end();
    // A string as a body would determine the encoding of the head.
    else res.end(head.isAscii ? body : Buffer.from(body));
    if (res.writableLength > 0) this.#timer = setTimeout(() => this.#onStalled(res), this.#limits.stallMs);
  }

  refuse(head: ResponseHead, body: string): void {
    this.#dropsRest = true;
    this.answer(head, body, true);
  }

  begin(head: ResponseHead, length: number | undefined, sink: WriterSink): BodyWriter {
    const res = this.#res;
    if (res === undefined) throw new Error("the request was answered already, or its client is gone");
    writeHead(res, head, length === undefined ? [] : ["Content-Length", String(length)]);
    this.#writer = new NodeBodyWriter(res, this.#limits.stallMs, sink);
    // Sends the head now, as latin1: `flushHeaders` would encode it as UTF-8.
    res.write(EMPTY);
    return this.#writer;
  }

  close(): void {
    const res = this.#detach();
    if (res === undefined) return;
    // Node.js buffers what was written in this turn, and would drop it.
    if (res.socket !== null) while (this.#socket.writableCorked > 0) this.#socket.uncork();
    res.destroy();
  }

  /** Returns the response, and detaches it. */
  #detach(): ServerResponse | undefined {
    const res = this.#res;
    this.#res = undefined;
    this.#reader?.close();
    this.#reader = undefined;
    this.#writer?.close();
    return res;
  }

  readonly #onClose = (): void => {
    clearTimeout(this.#timer);
    if (this.#detach() !== undefined) this.#sink?.onDisconnect();
  };

  /** The whole response was handed over to the system. */
  readonly #onFinish = (): void => {
    // Node.js emits `finish` for a closed connection, too.
    if (this.#socket.destroyed) return;
    clearTimeout(this.#timer);
    this.#res = undefined;
    // An answer may be whole before the body of its request.
    this.#reader?.close();
    this.#reader = undefined;
    this.#writer?.onFinish();
    if (this.#req.complete) this.#socket.off("close", this.#onClose);
    else if (this.#dropsRest) this.#linger();
    else this.#awaitRest();
  };

  /** Reads no more of the request, ends the sending side, and leaves the client some time to read the answer. */
  #linger(): void {
    const socket = this.#socket;
    socket.off("close", this.#onClose);
    // Node.js is about to close the connection, which would reset it.
    socket.destroySoon = () => socket.end();
    // Node.js is about to read the rest in order to drop it.
    setImmediate(() => socket.pause());
    const timer = setTimeout(() => socket.destroy(), this.#limits.lingerMs);
    socket.once("close", () => clearTimeout(timer));
  }

  /**
   * The request was answered before it was complete. If the connection were closed now it would be reset, and the client
   * might not receive the answer; reading without a limit would keep the worker busy.
   */
  #awaitRest(): void {
    this.#timer = setTimeout(() => this.#socket.destroy(), this.#limits.restMs);
    this.#req.once("close", () => {
      clearTimeout(this.#timer);
      this.#socket.off("close", this.#onClose);
    });
    this.#req.resume();
  }

  #onStalled(res: ServerResponse): void {
    // Without a socket it waits for the answer to an earlier request.
    if (res.socket === null) this.#timer?.refresh();
    else res.destroy();
  }
}

/** Characters that Node.js refuses in the value of a header, and those that are not in latin1. */
const REFUSED = /[^\t\x20-\x7e\x80-\xff]/g;

/**
 * Writes the head of an answer, to be sent with what follows.
 *
 * @param more further headers.
 * @throws for an invalid status or name of a header; another answer is still possible.
 */
export function writeHead(
  res: ServerResponse,
  { status, headers }: ResponseHead,
  more: readonly string[],
): void {
  const all: string[] = [];
  for (let index = 0; index + 1 < headers.length; index += 2) {
    const name = headers[index] ?? "";
    // The server writes its own.
    if (name.length === 4 && name.toLowerCase() === "date") continue;
    // Invalid control characters are replaced by blanks (RFC 9110 §5.5).
    all.push(name, headers[index + 1]?.replace(REFUSED, " ") ?? "");
  }
  all.push(...more);
  // Without `Connection: keep-alive` and `Keep-Alive`: HTTP/1.1 implies them.
  res.removeHeader("connection");
  res.writeHead(status, STATUS_CODES[status] ?? "Unknown", all);
}
