import type { HttpResponse } from "uWebSockets.js";
import type { StallWatch, Waiting } from "./stall-watch.js";

/** Milliseconds without a byte after which a body is given up. */
const IDLE_LIMIT_MS = 30_000;
/** A client may announce more than it sends, so this much at most is allocated ahead. */
const FIRST_ALLOCATION = 1024 * 1024;

/** Hears of a body once, in one way, unless the reader is closed before. */
export interface BodySink {
  /** @param body valid during the call only. */
  onBody(body: Buffer): void;
  onTooLarge(): void;
  onTooSlow(): void;
}

/** Collects a request's body, up to a limit, as long as it keeps coming. */
export class BodyReader implements Waiting {
  readonly #res: HttpResponse;
  readonly #limit: number;
  readonly #watch: StallWatch;
  readonly #sink: BodySink;
  #buffer: Buffer | undefined;
  #length = 0;
  #lastByteAt = 0;
  #closed = false;

  /** @param announced the `content-length`, 0 where there is none. */
  constructor(res: HttpResponse, announced: number, limit: number, watch: StallWatch, sink: BodySink) {
    this.#res = res;
    this.#limit = limit;
    this.#watch = watch;
    this.#sink = sink;
    res.onData((chunk, isLast) => {
      if (this.#closed) return;
      if (isLast && this.#length === 0 && chunk.byteLength <= limit) {
        this.close();
        sink.onBody(Buffer.from(chunk));
      } else {
        this.#take(Buffer.from(chunk), isLast, announced);
      }
    });
  }

  /** Nothing more is heard. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    if (this.#lastByteAt > 0) this.#watch.delete(this);
  }

  onTick(now: number): void {
    if (now - this.#lastByteAt < IDLE_LIMIT_MS) {
      // Puts off the server's own, shorter limit.
      this.#res.resume();
      return;
    }
    this.close();
    this.#sink.onTooSlow();
  }

  #take(chunk: Buffer, isLast: boolean, announced: number): void {
    if (this.#lastByteAt === 0) this.#watch.add(this);
    this.#lastByteAt = performance.now();
    const length = this.#length + chunk.length;
    if (length > this.#limit) {
      this.close();
      this.#buffer = undefined;
      this.#sink.onTooLarge();
      return;
    }
    const buffer = this.#room(length, announced);
    chunk.copy(buffer, this.#length);
    this.#length = length;
    if (!isLast) return;
    this.close();
    this.#buffer = undefined;
    this.#sink.onBody(buffer.subarray(0, length));
  }

  /** A buffer that holds `length` bytes; it doubles, so that each byte is copied twice at most on average. */
  #room(length: number, announced: number): Buffer {
    const held = this.#buffer;
    if (held !== undefined && held.length >= length) return held;
    const wanted =
      held === undefined
        ? Math.min(announced, FIRST_ALLOCATION)
        : Math.min(held.length * 2, announced || this.#limit);
    const buffer = Buffer.allocUnsafeSlow(Math.max(length, wanted));
    held?.copy(buffer, 0, 0, this.#length);
    this.#buffer = buffer;
    return buffer;
  }
}
