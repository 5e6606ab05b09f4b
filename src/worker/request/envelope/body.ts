/** Bytes of the smallest and the largest block. */
const MIN_BLOCK = 64 * 1024;
const MAX_BLOCK = 4 * 1024 * 1024;

/** Bytes of a body: in one piece, valid during the call; or in parts, which stay valid. */
export type BodyBytes = Buffer | readonly Buffer[];

/** Bytes of a body in one piece. */
export const wholeOf = (bytes: BodyBytes): Buffer => (Buffer.isBuffer(bytes) ? bytes : Buffer.concat(bytes));

/** Collects a body that arrives in pieces. Pieces of one byte take no more memory than large ones. */
export class BodyBuffer {
  readonly #full: Buffer[] = [];
  #block: Buffer | undefined;
  /** Bytes used of the block. */
  #used = 0;
  #length = 0;

  /** Bytes so far. */
  get length(): number {
    return this.#length;
  }

  /**
   * Takes the next piece.
   *
   * @param piece is copied.
   * @param expected bytes of the whole body, to be allocated at once; 0 where that is not known.
   */
  push(piece: Buffer, expected: number): void {
    let rest = piece;
    while (rest.length > 0) {
      const block = this.#block ?? this.#newBlock(rest.length, expected);
      const part = Math.min(rest.length, block.length - this.#used);
      rest.copy(block, this.#used, 0, part);
      this.#used += part;
      this.#length += part;
      if (this.#used === block.length) {
        this.#full.push(block);
        this.#block = undefined;
      }
      rest = rest.subarray(part);
    }
  }

  /** Some of the bytes; copied only where they lie in several blocks. */
  slice(start: number, end: number): Buffer {
    const parts = this.parts(start, end);
    const [first] = parts;
    return first !== undefined && parts.length === 1 ? first : Buffer.concat(parts);
  }

  /** Some of the bytes, block by block. */
  parts(start: number, end: number): Buffer[] {
    const parts: Buffer[] = [];
    let at = 0;
    for (const block of this.#block === undefined ? this.#full : [...this.#full, this.#block]) {
      if (at < end && at + block.length > start)
        parts.push(block.subarray(Math.max(0, start - at), Math.min(block.length, end - at)));
      at += block.length;
    }
    return parts;
  }

  #newBlock(least: number, expected: number): Buffer {
    const size =
      expected > this.#length
        ? expected - this.#length
        : Math.max(least, Math.min(MAX_BLOCK, Math.max(MIN_BLOCK, this.#length)));
    this.#used = 0;
    const block = Buffer.allocUnsafeSlow(size);
    this.#block = block;
    return block;
  }
}

/** Encoding of a body. */
export type BodyFormat = "json" | "msgpack";

/** Media types of msgpack; the first is the registered one. */
const MSGPACK = ["application/msgpack", "application/vnd.msgpack", "application/x-msgpack"];

/** The encoding of a content type. Everything but msgpack is read as JSON, as in the Python worker. */
export function formatOf(contentType: string): BodyFormat {
  if (contentType === "application/json" || contentType === "") return "json";
  const [type = ""] = contentType.split(";");
  return MSGPACK.includes(type.trim().toLowerCase()) ? "msgpack" : "json";
}
