/** Bytes that are kept of the beginning of a long answer: an error fits into them. */
const HEAD_BYTES = 4 * 1024;

/** Bytes that are kept of its end, where servers write how many tokens they made. */
const TAIL_BYTES = 64 * 1024;

/** What is kept of an answer to a payload of the worker's own: all of a short one, beginning and end of a long one. */
export class KeptAnswer {
  #pieces: Buffer[] = [];
  #bytes = 0;
  /** Beginning of an answer of which only the end is left in the pieces. */
  #head: Buffer | undefined;

  /** Adds a piece, which is copied. */
  add(piece: Buffer): void {
    this.#pieces.push(Buffer.from(piece));
    this.#bytes += piece.length;
    // Twice as many, so that each byte is moved once on average.
    if (this.#bytes <= 2 * TAIL_BYTES) return;
    const all = Buffer.concat(this.#pieces);
    this.#head ??= Buffer.from(all.subarray(0, HEAD_BYTES));
    this.#pieces = [Buffer.from(all.subarray(-TAIL_BYTES))];
    this.#bytes = TAIL_BYTES;
  }

  /** Whether nothing is missing between head and tail. */
  get isWhole(): boolean {
    return this.#head === undefined;
  }

  /** Its beginning, as text; of a whole one all of it. */
  get head(): string {
    return this.#head?.toString() ?? this.tail;
  }

  /** Its end, as text; of a whole one all of it. */
  get tail(): string {
    return Buffer.concat(this.#pieces).toString();
  }
}
