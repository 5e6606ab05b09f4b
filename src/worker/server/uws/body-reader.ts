import type { HttpResponse } from "uWebSockets.js";
import type { RequestSink } from "../http-server.js";
import type { StallListener, StallWatch } from "./stall-watch.js";

/** Milliseconds without a byte after which a body is too slow. */
const IDLE_LIMIT_MS = 30_000;

/** Passes the pieces of a body to its sink, up to a limit in bytes and as long as it keeps coming. */
export class UwsBodyReader implements StallListener {
  readonly #res: HttpResponse;
  readonly #limit: number;
  readonly #watch: StallWatch;
  readonly #sink: RequestSink;
  #length = 0;
  #lastByteAt = 0;
  /** The body is complete, or nothing more is passed on. */
  #isOver = false;
  #isPaused = false;
  /** It arrives in several pieces, and is a listener of the watch. */
  #isWaiting = false;

  constructor(res: HttpResponse, limit: number, watch: StallWatch, sink: RequestSink) {
    this.#res = res;
    this.#limit = limit;
    this.#watch = watch;
    this.#sink = sink;
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  push(piece: Buffer, isLast: boolean): void {
    if (this.#isOver) return;
    this.#length += piece.length;
    if (this.#length > this.#limit) {
      this.#sink.onTooLarge();
      return;
    }
    if (isLast) this.close();
    else {
      this.#lastByteAt = performance.now();
      if (!this.#isWaiting) this.#watch.add(this);
      this.#isWaiting = true;
    }
    this.#sink.onPiece(piece, isLast);
  }

  /** Reads no more: the server does not limit the time of a paused connection. */
  pause(): void {
    if (this.#isOver || this.#isPaused) return;
    this.#isPaused = true;
    this.#res.pause();
  }

  resume(): void {
    if (!this.#isPaused) return;
    this.#isPaused = false;
    this.#lastByteAt = performance.now();
    this.#res.resume();
  }

  /** Passes nothing more on. */
  close(): void {
    this.#isOver = true;
    if (this.#isWaiting) this.#watch.delete(this);
    this.#isWaiting = false;
  }

  onTick(now: number): void {
    if (this.#isPaused) return;
    if (now - this.#lastByteAt < IDLE_LIMIT_MS) {
      // Puts off the server's own, shorter limit. A resume without a pause would stop the reading permanently.
      this.#res.pause();
      this.#res.resume();
      return;
    }
    this.#sink.onTooSlow();
  }
}
