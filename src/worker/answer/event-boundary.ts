const LF = 0x0a;
const CR = 0x0d;

/** Bytes at the end of a piece that tell whether a blank line ends it: two line ends of two bytes at most. */
const TAIL = 4;

/**
 * Whether a stream of server-sent events stands between two events: at its beginning, or behind a blank line. Lines end
 * in LF, CR or both, and the pieces may be cut anywhere.
 */
export class EventBoundary {
  #lineEnds = 2;
  #isAfterCr = false;

  get isBetween(): boolean {
    return this.#lineEnds >= 2;
  }

  push(piece: Buffer): void {
    const start = Math.max(0, piece.length - TAIL);
    if (start > 0) {
      this.#lineEnds = 0;
      this.#isAfterCr = false;
    }
    for (let index = start; index < piece.length; index++) {
      const byte = piece[index];
      // The second half of a line end.
      if (byte === LF && this.#isAfterCr) {
        this.#isAfterCr = false;
        continue;
      }
      this.#isAfterCr = byte === CR;
      this.#lineEnds = byte === LF || byte === CR ? this.#lineEnds + 1 : 0;
    }
  }
}
