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
}

/**
 * What is kept of bodies before it is known who sends them: all of them together have one budget, and each must come at
 * some rate, so that strangers can neither fill the memory nor hold the place of others.
 */
export class UnverifiedBodies {
  readonly #limit: number;
  readonly #bodies = new Set<UnverifiedBody>();
  #bytes = 0;
  #timer: NodeJS.Timeout | undefined;

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

  add(body: UnverifiedBody): void {
    this.#bodies.add(body);
    this.#timer ??= setInterval(() => this.#look(), LOOK_MS);
  }

  delete(body: UnverifiedBody): void {
    this.#bodies.delete(body);
    if (this.#bodies.size > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  #look(): void {
    const now = performance.now();
    for (const body of this.#bodies) {
      const allowedMs = PATIENCE_MS + (body.length / LEAST_RATE) * 1000;
      if (now - body.startedAt > allowedMs) body.onTooSlow();
    }
  }
}
