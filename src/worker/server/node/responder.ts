import type { IncomingMessage, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import type { BodyWriter, RequestSink, Responder, ResponseHead, WriterSink } from "../http-server.js";
import { BodyReader } from "./body-reader.js";
import { NodeBodyWriter } from "./body-writer.js";
import type { NodeLimits } from "./limits.js";
import { writeHead } from "./response-head.js";

const EMPTY = Buffer.alloc(0);

/** Statuses whose answer has no body, and does not tell its length. */
const hasNoBody = (status: number): boolean => status < 200 || status === 204 || status === 304;

/** Answers a request of `node:http`. */
export class NodeResponder implements Responder {
  readonly #req: IncomingMessage;
  /** Undefined as soon as it was answered or the client is gone. */
  #res: ServerResponse | undefined;
  /** The response loses its own as soon as it is finished. */
  readonly #socket: Socket;
  readonly #limits: NodeLimits;
  #sink: RequestSink | undefined;
  #reader: BodyReader | undefined;
  #writer: NodeBodyWriter | undefined;
  /** It is refused in the middle of its body, of which no more is read. */
  #dropsRest = false;
  /** After the answer: for a client that does not take it, then for the rest of the request. */
  #timer: NodeJS.Timeout | undefined;

  constructor(req: IncomingMessage, res: ServerResponse, limits: NodeLimits) {
    this.#req = req;
    this.#res = res;
    this.#socket = req.socket;
    this.#limits = limits;
    // Of the connection itself: a response that waits behind another one does not hear that it is closed.
    this.#socket.on("close", this.#onClose);
    // Before Node.js itself, which may close the connection here.
    res.prependListener("finish", this.#onFinish);
    // That the client is gone is heard otherwise.
    res.on("error", () => {});
  }

  receive(limit: number, sink: RequestSink): void {
    if (this.#res === undefined) return;
    const announced = Number(this.#req.headers["content-length"]) || 0;
    this.#sink = sink;
    this.#reader = new BodyReader(this.#req, { limit, announced, idleMs: this.#limits.bodyIdleMs }, sink);
    if (announced > limit) sink.onTooLarge();
  }

  answer(head: ResponseHead, body?: Buffer | string, close = false): void {
    const res = this.#res;
    if (res === undefined) return;
    const more = close ? ["Connection", "close"] : [];
    if (!hasNoBody(head.status)) more.push("Content-Length", String(Buffer.byteLength(body ?? "")));
    writeHead(res, head, more);
    this.#take();
    const isWithout = this.#req.method === "HEAD" || hasNoBody(head.status);
    if (body === undefined || body.length === 0 || isWithout) res.end();
    // With a text for a body the head would go out in its encoding.
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
    // The head goes out now, and byte by byte: `flushHeaders` would encode it.
    res.write(EMPTY);
    return this.#writer;
  }

  close(): void {
    const res = this.#take();
    if (res === undefined) return;
    // Node.js holds back what was written in this turn, and would drop it.
    if (res.socket !== null) while (this.#socket.writableCorked > 0) this.#socket.uncork();
    res.destroy();
  }

  /** The response, for the last time. */
  #take(): ServerResponse | undefined {
    const res = this.#res;
    this.#res = undefined;
    this.#reader?.close();
    this.#reader = undefined;
    this.#writer?.close();
    return res;
  }

  readonly #onClose = (): void => {
    clearTimeout(this.#timer);
    if (this.#take() !== undefined) this.#sink?.onGone();
  };

  /** The response was handed over as a whole. */
  readonly #onFinish = (): void => {
    // Node.js takes what was dropped with the connection for handed over.
    if (this.#socket.destroyed) return;
    clearTimeout(this.#timer);
    this.#res = undefined;
    this.#writer?.onFinish();
    if (this.#req.complete) this.#socket.off("close", this.#onClose);
    else if (this.#dropsRest) this.#linger();
    else this.#awaitRest();
  };

  /** Reads no more of the request. The client is told that nothing follows, and has a while to read the answer. */
  #linger(): void {
    const socket = this.#socket;
    socket.off("close", this.#onClose);
    // Node.js is about to close the connection, which would reset it.
    socket.destroySoon = () => socket.end();
    // It is about to read the rest, too, only to drop it.
    setImmediate(() => socket.pause());
    const timer = setTimeout(() => socket.destroy(), this.#limits.lingerMs);
    socket.once("close", () => clearTimeout(timer));
  }

  /**
   * The request was answered before it was whole. Closed right now, the connection would be reset, and the client might
   * never see the answer; read without an end, it would keep the worker busy.
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
