/** Milliseconds that every body has until its sender is verified. */
const GRACE_MS = 30_000;
/** Average bytes per second that extend this time. */
const MIN_BYTES_PER_SECOND = 64 * 1024;
/** Milliseconds between two checks of the rates. */
const CHECK_INTERVAL_MS = 4000;

/** A body whose sender is not verified yet. */
export interface UnverifiedBody {
  /** Milliseconds, monotonic. */
  readonly startedAt: number;
  /** Bytes so far. */
  readonly length: number;
  /** It arrives too slowly and is to be refused. */
  onTooSlow(): void;
  /** Scans a share of the kept bytes. @returns whether more of them remain. */
  scanShare(): boolean;
}

/**
 * Limits what unverified clients can occupy. All unverified bodies share one memory budget, and each must arrive at a minimum
 * rate, so that none keeps the memory from others. Nor do they block the event loop: uWebSockets.js reads on in the same turn
 * as long as a client sends fast enough, so received bytes are scanned later, a share in each turn.
 */
export class UnverifiedBodies {
  readonly #limit: number;
  readonly #bodies = new Set<UnverifiedBody>();
  readonly #toScan = new Set<UnverifiedBody>();
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

  /** Takes bytes of the budget. @returns false where too few are left. */
  reserve(bytes: number): boolean {
    if (this.#bytes + bytes > this.#limit) return false;
    this.#bytes += bytes;
    return true;
  }

  release(bytes: number): void {
    this.#bytes -= bytes;
  }

  /** Schedules a scan. In each turn of the event loop one body has a share scanned. */
  scanLater(body: UnverifiedBody): void {
    this.#toScan.add(body);
    this.#turn ??= setImmediate(this.#onTurn);
  }

  add(body: UnverifiedBody): void {
    this.#bodies.add(body);
    this.#timer ??= setInterval(() => this.#checkRates(), CHECK_INTERVAL_MS);
  }

  remove(body: UnverifiedBody): void {
    this.#toScan.delete(body);
    this.markVerified(body);
  }

  /** From here on its rate does not matter. */
  markVerified(body: UnverifiedBody): void {
    this.#bodies.delete(body);
    if (this.#bodies.size > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  readonly #onTurn = (): void => {
    this.#turn = undefined;
    const [body] = this.#toScan;
    if (body === undefined) return;
    this.#toScan.delete(body);
    if (body.scanShare()) this.#toScan.add(body);
    if (this.#toScan.size > 0) this.#turn ??= setImmediate(this.#onTurn);
  };

  #checkRates(): void {
    const now = performance.now();
    for (const body of this.#bodies) {
      const allowedMs = GRACE_MS + (body.length / MIN_BYTES_PER_SECOND) * 1000;
      if (now - body.startedAt > allowedMs) body.onTooSlow();
    }
  }
}
