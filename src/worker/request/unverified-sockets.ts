/** Milliseconds in which a client may send its envelope, however many others do not send theirs. */
const GRACE_MS = 2000;

/** A WebSocket of which it is not known yet who opened it. */
export interface UnverifiedSocket {
  /** Too many of them wait: it is to be given up. */
  onCrowded(): void;
}

interface Waiting {
  /** Milliseconds, monotonic. */
  readonly since: number;
  /** Bytes that may be kept for it before anybody sees one of them. */
  readonly bytes: number;
}

/**
 * The WebSockets that have not sent their envelope yet. What a server keeps of a first message cannot be seen before it is
 * whole, so each counts as much as it may come to. Where that is more than they may have together, those that have waited
 * for longer than any client needs are given up, the oldest first.
 */
export class UnverifiedSockets {
  readonly #limit: number;
  /** Oldest first. */
  readonly #waiting = new Map<UnverifiedSocket, Waiting>();
  #bytes = 0;
  #timer: NodeJS.Timeout | undefined;

  /** @param limit bytes. */
  constructor(limit: number) {
    this.#limit = limit;
  }

  /** @param bytes that may be kept for it. */
  add(socket: UnverifiedSocket, bytes: number): void {
    this.#waiting.set(socket, { since: performance.now(), bytes });
    this.#bytes += bytes;
    this.#watch();
  }

  /** Its envelope is there, or it is closed. */
  delete(socket: UnverifiedSocket): void {
    const waiting = this.#waiting.get(socket);
    if (waiting === undefined) return;
    this.#waiting.delete(socket);
    this.#bytes -= waiting.bytes;
    if (this.#bytes > this.#limit) return;
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  /** Looks again when the oldest has had its time. */
  #watch(): void {
    if (this.#timer !== undefined || this.#bytes <= this.#limit) return;
    const [oldest] = this.#waiting.values();
    if (oldest === undefined) return;
    const ms = Math.max(0, oldest.since + GRACE_MS - performance.now());
    this.#timer = setTimeout(() => this.#makeRoom(), Math.ceil(ms));
  }

  #makeRoom(): void {
    this.#timer = undefined;
    const now = performance.now();
    for (const [socket, { since }] of this.#waiting) {
      if (this.#bytes <= this.#limit || now - since < GRACE_MS) break;
      this.delete(socket);
      socket.onCrowded();
    }
    this.#watch();
  }
}
