/** Milliseconds that every client has for its envelope, even while others exceed the limit. */
const GRACE_MS = 2000;

/** A WebSocket whose client is not verified yet. */
export interface UnverifiedSocket {
  /** Too many of them wait: this one is to be refused. */
  onOverload(): void;
}

interface Waiting {
  /** Milliseconds, monotonic. */
  readonly since: number;
  /** Bytes that the server may keep for its first message. */
  readonly bytes: number;
}

/**
 * The WebSockets that have not sent their envelope yet. How much a server keeps of an incomplete first message is unknown, so
 * each is accounted with its maximum. While their sum exceeds the limit, those that have waited for more than 2 s are refused,
 * the oldest first.
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
    this.#schedule();
  }

  /** Its envelope has arrived, or it is closed. */
  delete(socket: UnverifiedSocket): void {
    const waiting = this.#waiting.get(socket);
    if (waiting === undefined) return;
    this.#waiting.delete(socket);
    this.#bytes -= waiting.bytes;
    if (this.#bytes > this.#limit) return;
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  /** Schedules the next check for the moment at which the oldest has waited long enough. */
  #schedule(): void {
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
      socket.onOverload();
    }
    this.#schedule();
  }
}
