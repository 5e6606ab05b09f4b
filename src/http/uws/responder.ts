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
    const { announced, watch } = this.#request;
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
      this.#reader ??= new BodyReader(res, announced, limit, watch, sink);
      this.#reader.push(Buffer.from(chunk), isLast);
    });
    res.onAborted(() => this.#onAborted());
  }

  answer(head: ResponseHead, body?: Buffer | string, close = false): void {
    const res = this.#take();
    if (res === undefined) return;
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
