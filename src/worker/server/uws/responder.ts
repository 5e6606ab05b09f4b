import type { HttpResponse } from "uWebSockets.js";
import type { Answer } from "../answer.js";
import type { BodyWriter, RequestSink, Responder, ResponseHead, WriterSink } from "../http-server.js";
import { contentOf } from "../send-answer.js";
import { statusLine } from "../status-line.js";
import { BodyReader } from "./body-reader.js";
import { UwsBodyWriter } from "./body-writer.js";
import type { StallWatch } from "./stall-watch.js";

export interface UwsRequestFacts {
  readonly isHead: boolean;
  /** The `content-length`, 0 where there is none. */
  readonly announced: number;
  /** The answer closes the connection: where the body ends is not certain enough to look for a request behind it. */
  readonly closes: boolean;
  readonly watch: StallWatch;
}

/** Answers a request of uWebSockets.js. */
export class UwsResponder implements Responder {
  /** Undefined as soon as it was answered or the client is gone: it must not be touched any more. */
  #res: HttpResponse | undefined;
  readonly #request: UwsRequestFacts;
  /** The response, where its answer is about to close the connection. */
  #last: HttpResponse | undefined;
  #sink: RequestSink | undefined;
  /** For bodies that come in pieces. */
  #reader: BodyReader | undefined;
  #writer: UwsBodyWriter | undefined;

  constructor(res: HttpResponse, request: UwsRequestFacts) {
    this.#res = res;
    this.#request = request;
  }

  receive(limit: number, sink: RequestSink): void {
    const res = this.#res;
    if (res === undefined) return;
    this.#sink = sink;
    const reader = new BodyReader(res, limit, this.#request.watch, sink);
    this.#reader = reader;
    res.onAborted(() => this.#onAborted());
    if (this.#request.announced > limit) sink.onTooLarge();
    else res.onData((piece, isLast) => reader.push(Buffer.from(piece), isLast));
  }

  answer(head: ResponseHead, body?: Buffer | string, close = false): void {
    const isUnfinished = this.#reader?.isOver === false;
    const res = this.#take();
    if (res === undefined) return;
    if (!close && this.#request.closes && isUnfinished) {
      endEarly(res, head, String(body ?? ""), REST_MS);
      return;
    }
    if (!close && !this.#request.closes) {
      this.#put(res, head, body, false);
      return;
    }
    // Of what it has read, the server serves the next request, too, before it closes the connection, unless this one is
    // still open then: that closes it at once.
    this.#last = res;
    if (this.#sink === undefined) res.onAborted(() => this.#onAborted());
    setImmediate(() => {
      if (this.#last !== undefined) this.#put(this.#last, head, body, true);
      this.#last = undefined;
    });
  }

  refuse(head: ResponseHead, body: string): void {
    const res = this.#take();
    if (res === undefined) return;
    endEarly(res, head, body, LINGER_MS);
    res.pause();
  }

  begin(head: ResponseHead, length: number | undefined, sink: WriterSink): BodyWriter {
    const res = this.#res;
    if (res === undefined) throw new Error("the request was answered already, or its client is gone");
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
          sink.onFinish();
        },
      },
    );
    return this.#writer;
  }

  close(): void {
    this.#take()?.close();
  }

  #put(res: HttpResponse, head: ResponseHead, body: Buffer | string | undefined, closes: boolean): void {
    res.cork(() => {
      writeHead(res, head);
      if (body !== undefined && !this.#request.isHead) {
        res.end(body, closes);
        return;
      }
      // To the server this is no response yet, and without an abort handler it would end the process.
      if (this.#sink === undefined) res.onAborted(() => {});
      if (closes) res.endWithoutBody(0, true);
      else res.endWithoutBody();
    });
  }

  #onAborted(): void {
    this.#last = undefined;
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

/** The lines of heads, which are often the same object: those of the model's answers are kept. */
const linesOfHeads = new WeakMap<ResponseHead, string>();

/** Status and headers, without the line break behind the last one. */
function linesOf(head: ResponseHead): string {
  const { status, headers } = head;
  let lines = statusLine(status);
  for (let index = 0; index + 1 < headers.length; index += 2) {
    const name = headers[index] ?? "";
    // The server writes its own.
    if (name.length === 4 && name.toLowerCase() === "date") continue;
    lines += `\r\n${name}: ${headers[index + 1] ?? ""}`;
  }
  return lines;
}

/** Writes all of a head where the status stands: each call of the server costs more than a header's bytes. */
function writeHead(res: HttpResponse, head: ResponseHead): void {
  let lines = linesOfHeads.get(head);
  if (lines === undefined) {
    lines = linesOf(head);
    linesOfHeads.set(head, lines);
  }
  // A string would go out as UTF-8, and a header's bytes may be anything.
  res.writeStatus(head.isAscii ? lines : Buffer.from(lines, "latin1"));
}

/**
 * Milliseconds in which a client may read why it is refused in the middle of its body, before the connection is closed.
 * Closed at once, it would be reset, and many clients would never see the answer.
 */
const LINGER_MS = 1000;
/** The same where the rest of the body is read and dropped: what a client sends until it looks for an answer. */
const REST_MS = 10_000;

/**
 * Answers a request whose body goes on, and closes the connection after a while. To the server the answer has only begun:
 * behind one that is whole it would look for the next request. So all of it stands where the status does, behind which the
 * server adds a line break: the blanks at the end of the body.
 */
function endEarly(res: HttpResponse, head: ResponseHead, body: string, ms: number): void {
  const fields = ["content-length", String(Buffer.byteLength(body) + 2), "connection", "close"];
  const lines = linesOf({ ...head, headers: [...head.headers, ...fields] });
  res.cork(() => res.writeStatus(`${lines}\r\n\r\n${body}`));
  const timer = setTimeout(() => res.close(), ms);
  // The close itself is heard of here, too.
  res.onAborted(() => clearTimeout(timer));
}

/** More than uWebSockets.js gathers of an answer before it writes it. */
const PADDED_LENGTH = 20 * 1024;

/**
 * Refuses a request whose end is in doubt, and closes the connection at once: of what was read no byte is taken for
 * another request. An answer that fits into what the server gathers would be written, and the connection closed, only after
 * it has handled all that it has read; so blanks make this one longer.
 */
export function refuseAndClose(res: HttpResponse, refusal: Answer): void {
  const { head, text } = contentOf(refusal);
  writeHead(res, head);
  res.end(text.padEnd(PADDED_LENGTH), true);
}
