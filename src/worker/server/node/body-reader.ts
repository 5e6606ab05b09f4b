import type { IncomingMessage } from "node:http";
import type { RequestSink } from "../http-server.js";

const NOTHING = Buffer.alloc(0);

export interface BodyReaderOptions {
  /** Largest body in bytes. */
  readonly limit: number;
  /** The `content-length`, 0 where there is none. */
  readonly announced: number;
  /** Milliseconds without a byte after which the body is given up. */
  readonly idleMs: number;
}

/** Hands the pieces of a body on, up to a limit, as long as it keeps coming. */
export class BodyReader {
  readonly #req: IncomingMessage;
  readonly #limit: number;
  readonly #announced: number;
  readonly #sink: RequestSink;
  readonly #timer: NodeJS.Timeout;
  #length = 0;
  /** All of it came, or nothing more is heard. */
  #isOver = false;

  constructor(req: IncomingMessage, { limit, announced, idleMs }: BodyReaderOptions, sink: RequestSink) {
    this.#req = req;
    this.#limit = limit;
    this.#announced = announced;
    this.#sink = sink;
    this.#timer = setTimeout(() => sink.onTooSlow(), idleMs);
    req.on("data", this.#onData).on("end", this.#onEnd);
  }

  /** Nothing more is heard, nor read. */
  close(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    clearTimeout(this.#timer);
    this.#req.off("data", this.#onData).off("end", this.#onEnd);
  }

  readonly #onData = (piece: Buffer): void => {
    this.#timer.refresh();
    this.#length += piece.length;
    if (this.#length > this.#limit) this.#sink.onTooLarge();
    // That it is the last one is known by its length, or else when the request ends.
    else if (this.#length === this.#announced) this.#onLast(piece);
    else this.#sink.onPiece(piece, false);
  };

  readonly #onEnd = (): void => this.#onLast(NOTHING);

  #onLast(piece: Buffer): void {
    this.close();
    // The end is to be read, too.
    this.#req.resume();
    this.#sink.onPiece(piece, true);
  }
}
