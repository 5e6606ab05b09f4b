import type { HttpResponse } from "uWebSockets.js";
import type { RequestSink } from "../http-server.js";
import type { StallWatch, Waiting } from "./stall-watch.js";

/** Milliseconds without a byte after which a body is given up. */
const IDLE_LIMIT_MS = 30_000;
/** A client may announce more than it sends, so this much at most is allocated ahead. */
const FIRST_ALLOCATION = 1024 * 1024;

/** Collects a body that comes in several pieces, up to a limit, as long as it keeps coming. */
export class BodyReader implements Waiting {
  readonly #res: HttpResponse;
  readonly #announced: number;
  readonly #limit: number;
  readonly #watch: StallWatch;
  readonly #sink: RequestSink;
  #buffer: Buffer | undefined;
  #length = 0;
  #lastByteAt = performance.now();
  #closed = false;

  /** @param announced the `content-length`, 0 where there is none. */
  constructor(res: HttpResponse, announced: number, limit: number, watch: StallWatch, sink: RequestSink) {
    this.#res = res;
    this.#announced = announced;
    this.#limit = limit;
    this.#watch = watch;
    this.#sink = sink;
    watch.add(this);
  }

  /** @param chunk is copied. */
  push(chunk: Buffer, isLast: boolean): void {
    if (this.#closed) return;
    this.#lastByteAt = performance.now();
    const length = this.#length + chunk.length;
    if (length > this.#limit) {
      this.close();
      this.#sink.onTooLarge();
      return;
    }
    const buffer = this.#room(length);
    chunk.copy(buffer, this.#length);
    this.#length = length;
    if (!isLast) return;
    this.close();
    this.#sink.onBody(buffer.subarray(0, length));
  }

  /** Nothing more is heard. */
  close(): void {
    this.#closed = true;
    this.#buffer = undefined;
    this.#watch.delete(this);
  }

  onTick(now: number): void {
    if (now - this.#lastByteAt < IDLE_LIMIT_MS) {
      // Puts off the server's own, shorter limit. A resume without a pause would stop the reading for good.
      this.#res.pause();
      this.#res.resume();
      return;
    }
    this.close();
    this.#sink.onTooSlow();
  }

  /** A buffer that holds `length` bytes; it doubles, so that each byte is copied twice at most on average. */
  #room(length: number): Buffer {
    const held = this.#buffer;
    if (held !== undefined && held.length >= length) return held;
    const wanted =
      held === undefined
        ? Math.min(this.#announced, FIRST_ALLOCATION)
        : Math.min(held.length * 2, this.#announced || this.#limit);
    const buffer = Buffer.allocUnsafeSlow(Math.max(length, wanted));
    held?.copy(buffer, 0, 0, this.#length);
    this.#buffer = buffer;
    return buffer;
  }
}
