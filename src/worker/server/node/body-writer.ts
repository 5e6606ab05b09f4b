import type { ServerResponse } from "node:http";
import type { BodyWriter, WriterSink } from "../http-server.js";
import { HIGH_WATER } from "./limits.js";

/**
 * Writes an answer's body with back-pressure.
 *
 * Node.js buffers without a limit. So a piece is written in parts, each when the client has taken the ones before; this
 * progress distinguishes a slow client from one that has stopped reading.
 */
export class NodeBodyWriter implements BodyWriter {
  readonly #res: ServerResponse;
  readonly #stallMs: number;
  readonly #sink: WriterSink;
  #held: Buffer | undefined;
  #isFull = false;
  #ending = false;
  #closed = false;
  #timer: NodeJS.Timeout | undefined;

  /** @param stallMs milliseconds without progress after which the connection is closed. */
  constructor(res: ServerResponse, stallMs: number, sink: WriterSink) {
    this.#res = res;
    this.#stallMs = stallMs;
    this.#sink = sink;
    res.on("drain", () => this.#onDrain());
  }

  write(chunk: Buffer): boolean {
    if (this.#closed) return true;
    if (this.#isFull) {
      this.#held = this.#held === undefined ? Buffer.from(chunk) : Buffer.concat([this.#held, chunk]);
      return false;
    }
    return this.#put(Buffer.from(chunk));
  }

  end(): void {
    if (this.#closed) return;
    this.#ending = true;
    if (this.#held === undefined) this.#finish();
  }

  close(): void {
    this.#closed = true;
    this.#held = undefined;
    clearTimeout(this.#timer);
  }

  /** The whole response was handed over to the system. */
  onFinish(): void {
    const closed = this.#closed;
    this.close();
    if (!closed) this.#sink.onFinish();
  }

  /** The client has taken everything that was written. */
  #onDrain(): void {
    if (this.#closed) return;
    clearTimeout(this.#timer);
    this.#isFull = false;
    const held = this.#held;
    this.#held = undefined;
    const hasRoom = held === undefined || this.#put(held);
    if (this.#held !== undefined) return;
    if (this.#ending) this.#finish();
    else if (hasRoom) this.#sink.onDrain();
  }

  #put(piece: Buffer): boolean {
    for (let at = 0; at < piece.length; at += HIGH_WATER) {
      const end = at + HIGH_WATER;
      if (this.#res.write(piece.subarray(at, end))) continue;
      this.#isFull = true;
      if (end < piece.length) this.#held = piece.subarray(end);
      this.#watch();
      return false;
    }
    return true;
  }

  #finish(): void {
    this.#res.end();
    if (this.#res.writableLength > 0) this.#watch();
  }

  #watch(): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      // Without a socket the answer waits for that of an earlier pipelined request, and not for the client.
      if (this.#res.socket === null) this.#timer?.refresh();
      else this.#res.destroy();
    }, this.#stallMs);
  }
}
