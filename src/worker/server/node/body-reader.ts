import type { IncomingMessage } from "node:http";
import type { RequestSink } from "../http-server.js";

const NOTHING = Buffer.alloc(0);

export interface NodeBodyReaderOptions {
  /** Largest body in bytes. */
  readonly limit: number;
  /** The `content-length`; 0 without one. */
  readonly announced: number;
  /** Milliseconds without a byte after which the body is too slow. */
  readonly idleMs: number;
}

/** Passes the pieces of a body to its sink, up to a limit in bytes and as long as it keeps coming. */
export class NodeBodyReader {
  readonly #req: IncomingMessage;
  readonly #limit: number;
  readonly #announced: number;
  readonly #sink: RequestSink;
  readonly #timer: NodeJS.Timeout;
  #length = 0;
  /** The body is complete, or nothing more is passed on. */
  #isOver = false;

  constructor(req: IncomingMessage, { limit, announced, idleMs }: NodeBodyReaderOptions, sink: RequestSink) {
    this.#req = req;
    this.#limit = limit;
    this.#announced = announced;
    this.#sink = sink;
    this.#timer = setTimeout(() => sink.onTooSlow(), idleMs);
    req.on("data", this.#onData).on("end", this.#onEnd);
  }

  pause(): void {
    if (this.#isOver) return;
    clearTimeout(this.#timer);
    this.#req.pause();
  }

  resume(): void {
    if (this.#isOver) return;
    this.#timer.refresh();
    this.#req.resume();
  }

  /** Reads nothing more. */
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
    // Without `content-length` only the end of the request shows which piece was the last one.
    else if (this.#length === this.#announced) this.#onLast(piece);
    else this.#sink.onPiece(piece, false);
  };

  readonly #onEnd = (): void => this.#onLast(NOTHING);

  #onLast(piece: Buffer): void {
    this.close();
    // The end must be read, too.
    this.#req.resume();
    this.#sink.onPiece(piece, true);
  }
}
