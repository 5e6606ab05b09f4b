import { getHeapStatistics } from "node:v8";

/**
 * Bytes of memory that the values of a body may take besides the content of strings and bytes: a quarter of the heap, so that
 * a small process survives them, too.
 */
export const MAX_OVERHEAD = Math.min(2 ** 30, getHeapStatistics().heap_size_limit / 4);

/** Names that a scanner can look for: one bit each. */
const MAX_NAMES = 8;

/** Entries of `fitting` for each position in a name. */
export const ROW = 256;

/**
 * Where the values of some top-level names are in a body, and the search for these names character by character.
 * The search keeps a bit for each name that still fits.
 *
 * @example
 * const scanner = new JsonScanner(["auth_data", "payload"]);
 * for (const piece of pieces) scanner.push(piece);
 * scanner.end();
 * const payload = body.subarray(scanner.spans.startOf(1), scanner.spans.endOf(1));
 */
export class Spans {
  /** Byte offset of a value, by index of its name; -1 where there is none. */
  readonly starts: Float64Array;
  /** Byte offset behind it; -1 while it is not complete. */
  readonly ends: Float64Array;
  /** The bits of all names. */
  readonly all: number;
  /** Bits of the names that have a character at a position: `[position * ROW + byte]`. Its last row is empty. */
  readonly fitting: Uint8Array;
  /** Bits of the names of a length. */
  readonly #ofLength: Uint8Array;

  /** @param names at most 8, of ASCII characters, none empty. */
  constructor(names: readonly string[]) {
    if (names.length > MAX_NAMES)
      throw new RangeError(`expected at most ${MAX_NAMES} names, got ${names.length}`);
    const longest = Math.max(0, ...names.map((name) => name.length));
    this.starts = new Float64Array(names.length).fill(-1);
    this.ends = new Float64Array(names.length).fill(-1);
    this.all = 2 ** names.length - 1;
    this.fitting = new Uint8Array((longest + 1) * ROW);
    this.#ofLength = new Uint8Array(longest + 2);
    for (const [bit, name] of names.entries()) {
      if (!/^[\0-\x7f]+$/.test(name))
        throw new RangeError(`expected a name in ASCII, got ${JSON.stringify(name)}`);
      for (let at = 0; at < name.length; at++) {
        const index = at * ROW + name.charCodeAt(at);
        this.fitting[index] = (this.fitting[index] as number) | (1 << bit);
      }
      this.#ofLength[name.length] = (this.#ofLength[name.length] as number) | (1 << bit);
    }
  }

  /** Index of the name that fits and has this length; -1 where there is none. */
  nameOf(fits: number, length: number): number {
    const found = fits & (this.#ofLength[length] ?? 0);
    return found === 0 ? -1 : 31 - Math.clz32(found);
  }

  /**
   * Byte offset of the value of a name, -1 as long as there is none. Of several values of one name the last that has begun
   * takes precedence.
   */
  startOf(name: number): number {
    return this.starts[name] ?? -1;
  }

  /** Byte offset behind the value at `startOf`, -1 as long as it is not complete. */
  endOf(name: number): number {
    return this.ends[name] ?? -1;
  }

  reset(): void {
    for (let index = 0; index < this.starts.length; index++) {
      this.starts[index] = -1;
      this.ends[index] = -1;
    }
  }
}
