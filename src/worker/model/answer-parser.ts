import { MalformedAnswer, noStatusLine, type ParsedHead, parseHead } from "./answer-head.js";

/** Receives an answer while it is parsed. */
export interface ParserSink {
  onHead(head: ParsedHead): void;
  /** @param piece valid during the call only. */
  onBody(piece: Buffer): void;
  /**
   * The answer is complete; another one may be expected from here on.
   *
   * @param hasSurplus bytes came after it that answer no request.
   */
  onComplete(hasSurplus: boolean): void;
}

/** A longer head is refused; Node's own limit is 16 KiB. */
const MAX_HEAD_BYTES = 64 * 1024;
/** A chunk's size line, extensions included, or a trailer. */
const MAX_LINE_BYTES = 16 * 1024;

const HEAD_END = Buffer.from("\r\n\r\n");
const CR = 0x0d;
const LF = 0x0a;

type State =
  | "head"
  | "length"
  | "chunk-size"
  | "chunk-data"
  | "chunk-end"
  | "trailers"
  | "close"
  | "complete";

/**
 * Reads HTTP/1.x answers (RFC 9112) from the pieces in which they arrive: bodies by `content-length`, chunked, or
 * up to the end of the connection. Interim answers (1xx) are skipped.
 *
 * It exists because a general client, with all methods, upgrades, proxies and retries, was the largest single cost of a
 * small request. It parses answers to POST and nothing else.
 */
export class AnswerParser {
  readonly #sink: ParserSink;
  #state: State = "complete";
  /** Incomplete head or line at the end of a piece. */
  #begun: Buffer | undefined;
  /** An interim answer announced a body, which it must not have: bytes after the answer may be that body. */
  #isOutOfStep = false;
  /** Bytes left of the body or of the chunk. */
  #left = 0;

  constructor(sink: ParserSink) {
    this.#sink = sink;
  }

  /** No answer is expected. */
  get isComplete(): boolean {
    return this.#state === "complete";
  }

  /** An answer is expected from here on. */
  expect(): void {
    this.#state = "head";
    this.#begun = undefined;
    this.#isOutOfStep = false;
  }

  /** @throws MalformedAnswer when this is not the expected answer. */
  push(piece: Buffer): void {
    if (this.isComplete) throw new MalformedAnswer("expected no bytes after the answer");
    let at = 0;
    while (at < piece.length) {
      switch (this.#state) {
        case "head":
          at = this.#head(piece, at);
          break;
        case "length":
        case "chunk-data":
          at = this.#data(piece, at);
          break;
        case "close":
          this.#sink.onBody(at === 0 ? piece : piece.subarray(at));
          return;
        default:
          at = this.#line(piece, at);
      }
      if (this.isComplete) {
        // Last, because this call may send the next request and expect its answer.
        this.#sink.onComplete(at < piece.length);
        return;
      }
    }
  }

  /**
   * The connection has ended.
   *
   * @returns whether the answer is complete by it.
   */
  end(): boolean {
    if (this.#state !== "close") return this.isComplete;
    this.#state = "complete";
    this.#sink.onComplete(false);
    return true;
  }

  #head(piece: Buffer, start: number): number {
    const begun = this.#begun;
    const bytes = begun === undefined ? piece : Buffer.concat([begun, piece.subarray(start)]);
    const from = begun === undefined ? start : 0;
    const end = bytes.indexOf(HEAD_END, begun === undefined ? start : Math.max(0, begun.length - 3));
    if ((end < 0 ? bytes.length : end) - from > MAX_HEAD_BYTES) {
      throw new MalformedAnswer(`expected a head of at most ${MAX_HEAD_BYTES} bytes`);
    }
    if (end < 0) {
      expectMore(bytes, from);
      this.#begun = begun === undefined ? Buffer.from(bytes.subarray(from)) : bytes;
      return piece.length;
    }
    this.#begun = undefined;
    const head = parseHead(bytes, from, end + 2);
    const next = end + 4 - (begun === undefined ? 0 : begun.length - start);
    if (head.status < 200) {
      if (head.status === 101) throw new MalformedAnswer("expected an answer, got a switch of protocols");
      this.#isOutOfStep ||= !head.keepAlive;
      return next;
    }
    this.#begin(head);
    return next;
  }

  #begin(head: ParsedHead): void {
    this.#left = head.length ?? 0;
    this.#state = head.framing === "chunked" ? "chunk-size" : head.framing === "close" ? "close" : "length";
    this.#sink.onHead(this.#isOutOfStep ? { ...head, keepAlive: false } : head);
    if (this.#state === "length" && this.#left === 0) this.#state = "complete";
  }

  #data(piece: Buffer, at: number): number {
    const end = Math.min(piece.length, at + this.#left);
    this.#left -= end - at;
    this.#sink.onBody(at === 0 && end === piece.length ? piece : piece.subarray(at, end));
    if (this.#left > 0) return end;
    this.#state = this.#state === "chunk-data" ? "chunk-end" : "complete";
    return end;
  }

  /** A line of the chunked framing; they end with CRLF, and a lone LF is accepted as well. */
  #line(piece: Buffer, start: number): number {
    const end = piece.indexOf(LF, start);
    const part = piece.subarray(start, end < 0 ? piece.length : end);
    const line = this.#begun === undefined ? part : Buffer.concat([this.#begun, part]);
    if (this.#state === "chunk-end" && line.length > 0 && line[0] !== CR) {
      throw new MalformedAnswer("expected the end of a chunk");
    }
    if (line.length > MAX_LINE_BYTES) throw new MalformedAnswer("expected a shorter line in a chunked body");
    if (end < 0) {
      this.#begun = line === part ? Buffer.from(part) : line;
      return piece.length;
    }
    this.#begun = undefined;
    this.#onLine(line.at(-1) === CR ? line.subarray(0, -1) : line);
    return end + 1;
  }

  #onLine(line: Buffer): void {
    if (this.#state === "chunk-size") {
      const digits = /^([0-9a-f]{1,13})[ \t]*(?:;|$)/i.exec(line.toString("latin1"))?.[1];
      if (digits === undefined) throw new MalformedAnswer("expected the size of a chunk");
      this.#left = Number.parseInt(digits, 16);
      this.#state = this.#left === 0 ? "trailers" : "chunk-data";
    } else if (this.#state === "chunk-end") {
      if (line.length > 0) throw new MalformedAnswer("expected the end of a chunk");
      this.#state = "chunk-size";
    } else if (line.length === 0) {
      this.#state = "complete";
    }
  }
}

const BEGINNING = "HTTP/1.";

/** @throws MalformedAnswer if the beginning of a head is invalid, rather than waiting for the rest. */
function expectMore(bytes: Buffer, from: number): void {
  const start = bytes.toString("latin1", from, from + 40);
  if (!BEGINNING.startsWith(start.slice(0, BEGINNING.length))) throw noStatusLine(start);
  if (bytes.indexOf("\n\n", from) >= 0) throw new MalformedAnswer("expected lines that end with CRLF");
}
