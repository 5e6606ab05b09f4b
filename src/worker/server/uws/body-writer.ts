import type { HttpResponse } from "uWebSockets.js";
import type { BodyWriter, WriterSink } from "../http-server.js";
import { STALL_TICK_MS, type StallListener, type StallWatch } from "./stall-watch.js";

/** Milliseconds without progress after which the server may close the connection. */
const STALL_LIMIT_MS = 60_000;
/** Ticks of a stalled client before that. */
const TICKS = STALL_LIMIT_MS / STALL_TICK_MS;
/**
 * Bytes of a chunked body in one write. Together with its framing they fit into the 16 KiB in which uWebSockets.js gathers
 * everything that is written within one `cork`. A larger piece is lost, but not its framing, whenever the
 * socket is full at that moment (uNetworking/uWebSockets.js issue 1249).
 */
const MAX_WRITE = 15 * 1024;
/** A piece that is longer than one write may fill the socket: a separate write of its last bytes shows whether it has. */
const PROBE = 256;

export interface BodyWriterOptions {
  /** The body's length in bytes, where it is known. */
  readonly length: number | undefined;
  /** The end of the answer closes the connection. The body is chunked then: `tryEnd` cannot close it. */
  readonly closes: boolean;
  readonly watch: StallWatch;
}

/**
 * Writes an answer's body with back-pressure.
 *
 * uWebSockets.js accepts every byte and returns whether the socket is full. From then on at most one piece is held here, and
 * the producer must pause. The server would close a connection without progress after 10 s; writing a part of the held piece
 * every few seconds extends that to a minute, and detects early that there is room again, which the operating system reports
 * late.
 */
export class UwsBodyWriter implements BodyWriter, StallListener {
  readonly #res: HttpResponse;
  /** The announced length; undefined for a chunked body. */
  readonly #length: number | undefined;
  readonly #closes: boolean;
  readonly #watch: StallWatch;
  readonly #sink: WriterSink;
  #held: Buffer | undefined;
  #stalledAt = 0;
  #ending = false;
  /** The response is complete or its client has disconnected: it must not be used any more. */
  #closed = false;
  /** Closed before its end. */
  #aborted = false;

  constructor(res: HttpResponse, { length, closes, watch }: BodyWriterOptions, sink: WriterSink) {
    this.#res = res;
    this.#length = closes ? undefined : length;
    this.#closes = closes;
    this.#watch = watch;
    this.#sink = sink;
    res.onWritable(() => {
      // With this handler the server sends what it has buffered only at the next write, which may be far away.
      res.cork(() => {});
      if (this.#stalledAt > 0) this.#proceed();
      return true;
    });
  }

  write(chunk: Buffer): boolean {
    if (this.#closed) return true;
    if (this.#stalledAt > 0) {
      this.#held = this.#held === undefined ? Buffer.from(chunk) : Buffer.concat([this.#held, chunk]);
      return false;
    }
    return this.#put(chunk);
  }

  end(): void {
    if (this.#aborted) return;
    this.#ending = true;
    if (this.#held === undefined) this.#finish();
  }

  close(): void {
    this.#aborted = true;
    this.#release();
  }

  #release(): void {
    this.#closed = true;
    this.#held = undefined;
    if (this.#stalledAt > 0) this.#watch.delete(this);
    this.#stalledAt = 0;
  }

  onTick(now: number): void {
    if (now - this.#stalledAt >= STALL_LIMIT_MS) {
      // Without progress the server closes the connection by itself.
      this.#watch.delete(this);
      return;
    }
    const held = this.#held;
    if (held === undefined) {
      // Requests one more piece, to be held.
      this.#sink.onDrain();
      return;
    }
    const piece = this.#length === undefined ? Math.max(1, Math.ceil(held.length / TICKS)) : held.length;
    const rest = held.subarray(piece);
    this.#held = undefined;
    const room = this.#put(held.subarray(0, piece));
    if (rest.length > 0) this.#held = this.#held === undefined ? rest : Buffer.concat([this.#held, rest]);
    if (room) this.#proceed();
  }

  /** There is room: writes the held piece, and if there is still room the producer continues. */
  #proceed(): void {
    this.#watch.delete(this);
    this.#stalledAt = 0;
    const held = this.#held;
    this.#held = undefined;
    if (held !== undefined && !this.#put(held)) return;
    if (this.#ending) this.#finish();
    else this.#sink.onDrain();
  }

  /** Writes what the socket takes; the rest is held. @returns whether there is room for more. */
  #put(piece: Buffer): boolean {
    const room =
      this.#length === undefined ? this.#putChunks(piece) : this.#putOfKnownLength(piece, this.#length);
    if (!room && this.#stalledAt === 0) {
      this.#stalledAt = performance.now();
      this.#watch.add(this);
    }
    return room;
  }

  /** Of a chunked body the server buffers what the socket does not take. */
  #putChunks(piece: Buffer): boolean {
    let room = true;
    for (let at = 0; at < piece.length; ) {
      const chunk = piece.subarray(at, nextEnd(at, piece.length));
      this.#res.cork(() => {
        room = this.#res.write(chunk);
      });
      at += chunk.length;
      if (room) continue;
      if (at < piece.length) this.#held = Buffer.from(piece.subarray(at));
      return false;
    }
    return true;
  }

  /** Of a body of known length it does not. */
  #putOfKnownLength(piece: Buffer, length: number): boolean {
    const before = this.#res.getWriteOffset();
    let room = true;
    let done = false;
    this.#res.cork(() => {
      [room, done] = this.#res.tryEnd(piece, length);
    });
    if (done) this.#release();
    else if (!room) this.#held = Buffer.from(piece.subarray(this.#res.getWriteOffset() - before));
    return room || done;
  }

  #finish(): void {
    const closed = this.#closed;
    this.#release();
    // With a known length the last byte has ended the response.
    if (!closed && this.#length === undefined) this.#res.cork(() => this.#res.end(undefined, this.#closes));
    this.#sink.onFinish();
  }
}

/** The end of the write that begins at `at` of a piece of `length` bytes. */
function nextEnd(at: number, length: number): number {
  if (length - at > MAX_WRITE) return at + MAX_WRITE;
  const isLast = length <= MAX_WRITE || length - at <= PROBE;
  return isLast ? length : length - PROBE;
}
