import type { HttpRequest, HttpResponse } from "uWebSockets.js";
import type { BodyWriter, RequestSink, Responder, ResponseHead, WriterSink } from "../http-server.js";
import { statusLine } from "../status-line.js";
import { BodyReader } from "./body-reader.js";
import { UwsBodyWriter } from "./body-writer.js";
import type { StallWatch } from "./stall-watch.js";

/** Answers a request of uWebSockets.js. */
export class UwsResponder implements Responder {
  /** Undefined as soon as it was answered or the client is gone: it must not be touched any more. */
  #res: HttpResponse | undefined;
  /** Valid until the endpoint returns. */
  readonly #req: HttpRequest;
  readonly #watch: StallWatch;
  readonly #isHead: boolean;
  #sink: RequestSink | undefined;
  /** For bodies that come in pieces. */
  #reader: BodyReader | undefined;
  #writer: UwsBodyWriter | undefined;

  constructor(res: HttpResponse, req: HttpRequest, isHead: boolean, watch: StallWatch) {
    this.#res = res;
    this.#req = req;
    this.#isHead = isHead;
    this.#watch = watch;
  }

  receive(limit: number, sink: RequestSink): void {
    const res = this.#res;
    if (res === undefined) return;
    const announced = Number(this.#req.getHeader("content-length")) || 0;
    if (announced > limit) {
      sink.onTooLarge();
      return;
    }
    this.#sink = sink;
    res.onData((chunk, isLast) => {
      if (this.#res === undefined) return;
      if (this.#reader === undefined && isLast && chunk.byteLength <= limit) {
        sink.onBody(Buffer.from(chunk));
        return;
      }
      this.#reader ??= new BodyReader(res, announced, limit, this.#watch, sink);
      this.#reader.push(Buffer.from(chunk), isLast);
    });
    res.onAborted(() => this.#onAborted());
  }

  answer(head: ResponseHead, body?: Buffer | string, close = false): void {
    const res = this.#take();
    if (res === undefined) return;
    res.cork(() => {
      writeHead(res, head);
      if (body !== undefined && !this.#isHead) {
        res.end(body, close);
        return;
      }
      // To the server this is no response yet, and without an abort handler it would end the process.
      if (this.#sink === undefined) res.onAborted(() => {});
      res.endWithoutBody();
    });
  }

  begin(head: ResponseHead, length: number | undefined, sink: WriterSink): BodyWriter {
    const res = this.#res;
    if (res === undefined) throw new Error("the request was answered already, or its client is gone");
    res.cork(() => writeHead(res, head));
    this.#writer = new UwsBodyWriter(res, length, this.#watch, {
      onDrain: () => sink.onDrain(),
      onFinish: () => {
        this.#res = undefined;
        sink.onFinish();
      },
    });
    return this.#writer;
  }

  close(): void {
    this.#take()?.close();
  }

  #onAborted(): void {
    // It ended before: an answer that was broken off closes the connection.
    if (this.#take() !== undefined) this.#sink?.onGone();
  }

  /** The response, for the last time. */
  #take(): HttpResponse | undefined {
    const res = this.#res;
    this.#res = undefined;
    this.#reader?.close();
    this.#writer?.close();
    return res;
  }
}

function writeHead(res: HttpResponse, { status, headers, isAscii }: ResponseHead): void {
  res.writeStatus(statusLine(status));
  for (let index = 0; index + 1 < headers.length; index += 2) {
    const name = headers[index] ?? "";
    const value = headers[index + 1] ?? "";
    // The server writes its own.
    if (name.length === 4 && name.toLowerCase() === "date") continue;
    // A string would go out as UTF-8, and a header's bytes may be anything.
    res.writeHeader(name, isAscii ? value : Buffer.from(value, "latin1"));
  }
}
