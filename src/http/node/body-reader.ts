import type { IncomingMessage } from "node:http";
import type { RequestSink } from "../http-server.js";

/** A client may announce more than it sends, so this much at most is allocated ahead. */
const FIRST_ALLOCATION = 1024 * 1024;
const EMPTY = Buffer.alloc(0);

export interface BodyReaderOptions {
  /** Largest body in bytes. */
  readonly limit: number;
  /** The `content-length`, 0 where there is none. */
  readonly announced: number;
  /** Milliseconds without a byte after which the body is given up. */
  readonly idleMs: number;
}

/** Collects a body, up to a limit, as long as it keeps coming. */
export class BodyReader {
  readonly #req: IncomingMessage;
  readonly #limit: number;
  readonly #announced: number;
  readonly #sink: RequestSink;
  readonly #timer: NodeJS.Timeout;
  #buffer: Buffer = EMPTY;
  #length = 0;

  constructor(req: IncomingMessage, { limit, announced, idleMs }: BodyReaderOptions, sink: RequestSink) {
    this.#req = req;
    this.#limit = limit;
    this.#announced = announced;
    this.#sink = sink;
    this.#timer = setTimeout(() => {
      this.close();
      sink.onTooSlow();
    }, idleMs);
    req.on("data", this.#onData).on("end", this.#onEnd);
  }

  /** Nothing more is heard; what still comes of the body is dropped. */
  close(): void {
    clearTimeout(this.#timer);
    this.#buffer = EMPTY;
    this.#req.off("data", this.#onData).off("end", this.#onEnd);
    this.#req.resume();
  }

  readonly #onData = (chunk: Buffer): void => {
    this.#timer.refresh();
    const length = this.#length + chunk.length;
    if (length > this.#limit) {
      this.close();
      this.#sink.onTooLarge();
      return;
    }
    if (length === this.#announced && this.#length === 0) {
      // All of the body, as usual with a small one.
      this.#buffer = chunk;
    } else {
      this.#makeRoom(length);
      chunk.copy(this.#buffer, this.#length);
    }
    this.#length = length;
  };

  readonly #onEnd = (): void => {
    const body = this.#buffer.subarray(0, this.#length);
    this.close();
    this.#sink.onBody(body);
  };

  /** It doubles, so that each byte is copied twice at most on average; chunks of a byte each cost no more. */
  #makeRoom(length: number): void {
    const held = this.#buffer;
    if (held.length >= length) return;
    const wanted =
      held.length === 0
        ? Math.min(this.#announced, FIRST_ALLOCATION)
        : Math.min(held.length * 2, this.#announced || this.#limit);
    this.#buffer = Buffer.allocUnsafeSlow(Math.max(length, wanted));
    held.copy(this.#buffer, 0, 0, this.#length);
  }
}
