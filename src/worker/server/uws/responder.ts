import type { HttpResponse } from "uWebSockets.js";
import { STATUS_CODES } from "node:http";
import { contentOf, type WorkerAnswer } from "../answer.js";
import type { BodyWriter, RequestSink, Responder, ResponseHead, WriterSink } from "../http-server.js";
import { UwsBodyReader } from "./body-reader.js";
import { UwsBodyWriter } from "./body-writer.js";
import type { StallWatch } from "./stall-watch.js";

export interface UwsRequest {
  readonly isHead: boolean;
  /** The `content-length`; 0 without one. */
  readonly announced: number;
  /** The answer closes the connection: the end of the body is too uncertain to read a request behind it. */
  readonly closes: boolean;
  readonly watch: StallWatch;
}

/** Answers a request of uWebSockets.js. */
export class UwsResponder implements Responder {
  /** Undefined as soon as it was answered or the client has disconnected: it must not be used any more. */
  #res: HttpResponse | undefined;
  readonly #request: UwsRequest;
  /** The response whose answer is about to close the connection. */
  #last: HttpResponse | undefined;
  #sink: RequestSink | undefined;
  /** For bodies that arrive in pieces. */
  #reader: UwsBodyReader | undefined;
  #writer: UwsBodyWriter | undefined;

  constructor(res: HttpResponse, request: UwsRequest) {
    this.#res = res;
    this.#request = request;
  }

  receive(limit: number, sink: RequestSink): void {
    const res = this.#res;
    if (res === undefined) return;
    this.#sink = sink;
    const reader = new UwsBodyReader(res, limit, this.#request.watch, sink);
    this.#reader = reader;
    res.onAborted(() => this.#onAborted());
    if (this.#request.announced > limit) sink.onTooLarge();
    else res.onData((piece, isLast) => reader.push(Buffer.from(piece), isLast));
  }

  pause(): void {
    if (this.#res !== undefined) this.#reader?.pause();
  }

  resume(): void {
    if (this.#res !== undefined) this.#reader?.resume();
  }

  answer(head: ResponseHead, body?: Buffer | string, close = false): void {
    this.resume();
    const isUnfinished = this.#reader?.isOver === false;
    const res = this.#detach();
    if (res === undefined) return;
    if (!close && this.#request.closes && isUnfinished) {
      endEarly(res, head, String(body ?? ""), REST_MS);
      return;
    }
    if (!close && !this.#request.closes) {
      this.#put(res, head, body, false);
      return;
    }
    // The server serves further requests that it has read already before it closes the connection, unless this one is still
    // open then: that closes it at once.
    this.#last = res;
    if (this.#sink === undefined) res.onAborted(() => this.#onAborted());
    setImmediate(() => {
      if (this.#last !== undefined) this.#put(this.#last, head, body, true);
      this.#last = undefined;
    });
  }

  refuse(head: ResponseHead, body: string): void {
    const res = this.#detach();
    if (res === undefined) return;
    endEarly(res, head, body, LINGER_MS);
    res.pause();
  }

  begin(head: ResponseHead, length: number | undefined, sink: WriterSink): BodyWriter {
    const res = this.#res;
    if (res === undefined) throw new Error("the request was answered already, or its client is gone");
    this.resume();
    const { closes, watch } = this.#request;
    res.cork(() => {
      writeHead(res, head);
      if (closes) res.writeHeader("connection", "close");
    });
    this.#writer = new UwsBodyWriter(
      res,
      { length, closes, watch },
      {
        onDrain: () => sink.onDrain(),
        onFinish: () => {
          this.#res = undefined;
          // An answer may be whole before the body of its request.
          this.#reader?.close();
          sink.onFinish();
        },
      },
    );
    return this.#writer;
  }

  close(): void {
    this.#detach()?.close();
  }

  #put(res: HttpResponse, head: ResponseHead, body: Buffer | string | undefined, closes: boolean): void {
    res.cork(() => {
      writeHead(res, head);
      if (body !== undefined && !this.#request.isHead) {
        res.end(body, closes);
        return;
      }
      // The server does not regard this as a response, and without an abort handler it would end the process.
      if (this.#sink === undefined) res.onAborted(() => {});
      if (closes) res.endWithoutBody(0, true);
      else res.endWithoutBody();
    });
  }

  #onAborted(): void {
    this.#last = undefined;
    // Otherwise it has ended: an aborted answer closes the connection.
    if (this.#detach() !== undefined) this.#sink?.onDisconnect();
  }

  /** Returns the response, and detaches it. */
  #detach(): HttpResponse | undefined {
    const res = this.#res;
    this.#res = undefined;
    this.#reader?.close();
    this.#writer?.close();
    return res;
  }
}

/** The lines of heads, which are often the same object: those of the model's answers are cached. */
const linesOfHeads = new WeakMap<ResponseHead, string>();

/** Status line and headers, without the last line break. */
function linesOf({ status, headers, base }: ResponseHead): string {
  let lines = base === undefined ? statusLine(status) : cachedLinesOf(base);
  for (let index = base?.headers.length ?? 0; index + 1 < headers.length; index += 2) {
    const name = headers[index] ?? "";
    // The server writes its own.
    if (name.length === 4 && name.toLowerCase() === "date") continue;
    lines += `\r\n${name}: ${headers[index + 1] ?? ""}`;
  }
  return lines;
}

function cachedLinesOf(head: ResponseHead): string {
  let lines = linesOfHeads.get(head);
  if (lines === undefined) {
    lines = linesOf(head);
    linesOfHeads.set(head, lines);
  }
  return lines;
}

/** Writes a whole head as the status: each call into the server costs more than a header's bytes. */
function writeHead(res: HttpResponse, head: ResponseHead): void {
  const lines = head.base === undefined ? cachedLinesOf(head) : linesOf(head);
  // A string would be sent as UTF-8, and a header may have any bytes.
  res.writeStatus(head.isAscii ? lines : Buffer.from(lines, "latin1"));
}

/**
 * Milliseconds in which a client may read a refusal that was sent before the end of its body, until the connection is closed.
 * If it were closed at once it would be reset, and many clients would not receive the answer.
 */
const LINGER_MS = 1000;
/** The same where the rest of the body is read and dropped, for clients that send all of it before they read. */
const REST_MS = 10_000;

/**
 * Answers a request before the end of its body, and closes the connection later. After a complete answer the server would
 * read the next request, so for the server this one has only begun: all of it is written as the status, behind which the server
 * adds a line break, the blanks at the end of the body.
 */
function endEarly(res: HttpResponse, head: ResponseHead, body: string, ms: number): void {
  const fields = ["content-length", String(Buffer.byteLength(body) + 2), "connection", "close"];
  const lines = linesOf({ ...head, headers: [...head.headers, ...fields] });
  res.cork(() => res.writeStatus(`${lines}\r\n\r\n${body}`));
  const timer = setTimeout(() => res.close(), ms);
  // The close calls this, too.
  res.onAborted(() => clearTimeout(timer));
}

/** More than uWebSockets.js gathers of an answer before it writes it. */
const PADDED_LENGTH = 20 * 1024;

/**
 * Refuses a request whose end is ambiguous, and closes the connection at once: no byte behind it is read as another request.
 * An answer that fits into the server's buffer would be written, and the connection closed, only after the server has handled
 * everything that it has read; so this one is padded with blanks.
 */
export function refuseAndClose(res: HttpResponse, refusal: WorkerAnswer): void {
  const { head, text } = contentOf(refusal);
  writeHead(res, head);
  res.end(text.padEnd(PADDED_LENGTH), true);
}

const statusLines = new Map<number, string>();

/** `200 OK`; the text is cached, because every answer needs it. */
export function statusLine(status: number): string {
  let line = statusLines.get(status);
  if (line === undefined) {
    line = `${status} ${STATUS_CODES[status] ?? "Unknown"}`;
    statusLines.set(status, line);
  }
  return line;
}
