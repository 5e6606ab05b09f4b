/** Milliseconds that every body has until whoever sends it is known. */
const PATIENCE_MS = 30_000;
/** Bytes per second that are to come on average beyond that. */
const LEAST_RATE = 64 * 1024;
/** Milliseconds between two looks at the slow ones. */
const LOOK_MS = 4000;

/** A body of which it is not known yet who sends it. */
export interface UnverifiedBody {
  /** Milliseconds, monotonic. */
  readonly startedAt: number;
  /** Bytes so far. */
  readonly length: number;
  /** It comes too slowly: it is to be given up. */
  onTooSlow(): void;
  /** Scans some of what is kept. @returns whether there is more of it. */
  onTurn(): boolean;
}

/**
 * What is kept of bodies before it is known who sends them: all of them together have one budget, and each must come at
 * some rate, so that strangers can neither fill the memory nor hold the place of others. Nor do they hold the event loop:
 * uWebSockets.js reads on in the same turn as long as a client sends fast enough, so that what has come is scanned later,
 * some of it in each turn.
 */
export class UnverifiedBodies {
  readonly #limit: number;
  readonly #bodies = new Set<UnverifiedBody>();
  readonly #scanned = new Set<UnverifiedBody>();
  #bytes = 0;
  #timer: NodeJS.Timeout | undefined;
  #turn: NodeJS.Immediate | undefined;

  /** @param limit bytes. */
  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Bytes that are kept now. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Reserves room. @returns false where there is none. */
  take(bytes: number): boolean {
    if (this.#bytes + bytes > this.#limit) return false;
    this.#bytes += bytes;
    return true;
  }

  release(bytes: number): void {
    this.#bytes -= bytes;
  }

  /** It has more to scan. In each turn of the loop one of all has its share. */
  scanLater(body: UnverifiedBody): void {
    this.#scanned.add(body);
    this.#turn ??= setImmediate(this.#onTurn);
  }

  add(body: UnverifiedBody): void {
    this.#bodies.add(body);
    this.#timer ??= setInterval(() => this.#look(), LOOK_MS);
  }

  /** Nothing more is done for it. */
  forget(body: UnverifiedBody): void {
    this.#scanned.delete(body);
    this.delete(body);
  }

  /** It is verified. */
  delete(body: UnverifiedBody): void {
    this.#bodies.delete(body);
    if (this.#bodies.size > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  readonly #onTurn = (): void => {
    this.#turn = undefined;
    const [body] = this.#scanned;
    if (body === undefined) return;
    this.#scanned.delete(body);
    if (body.onTurn()) this.#scanned.add(body);
    if (this.#scanned.size > 0) this.#turn ??= setImmediate(this.#onTurn);
  };

  #look(): void {
    const now = performance.now();
    for (const body of this.#bodies) {
      const allowedMs = PATIENCE_MS + (body.length / LEAST_RATE) * 1000;
      if (now - body.startedAt > allowedMs) body.onTooSlow();
    }
  }
}
