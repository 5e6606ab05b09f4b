import { MAX_OVERHEAD, ROW, Spans } from "./spans.js";
import { Utf8Checker } from "./utf8-checker.js";

/** Levels of maps and lists, far below where recursion over a value fails. */
const MAX_DEPTH = 256;

/** Kinds of values. The last two hold values, the two before them bytes. */
const NONE = 0;
const SCALAR = 1;
const FLOAT_32 = 2;
const FLOAT_64 = 3;
const STRING = 4;
const BYTES = 5;
const LIST = 6;
const MAP = 7;

/** Bytes of memory that a value of a kind takes by itself while it is decoded, rounded up from what was measured. */
const OVERHEAD = [0, 32, 32, 32, 64, 256, 64, 256] as const;

/** By first byte, from 0xc0 to 0xdf: the kind, and the bytes of length or number that follow it. */
const WIDE: readonly (readonly [kind: number, width: number])[] = [
  [SCALAR, 0], // nil
  [NONE, 0],
  [SCALAR, 0], // false
  [SCALAR, 0], // true
  [BYTES, 1],
  [BYTES, 2],
  [BYTES, 4],
  [NONE, 0], // ext
  [NONE, 0],
  [NONE, 0],
  [FLOAT_32, 4],
  [FLOAT_64, 8],
  [SCALAR, 1], // unsigned integer
  [SCALAR, 2],
  [SCALAR, 4],
  [SCALAR, 8],
  [SCALAR, 1], // signed integer
  [SCALAR, 2],
  [SCALAR, 4],
  [SCALAR, 8],
  [NONE, 0], // ext of a fixed length
  [NONE, 0],
  [NONE, 0],
  [NONE, 0],
  [NONE, 0],
  [STRING, 1],
  [STRING, 2],
  [STRING, 4],
  [LIST, 2],
  [LIST, 4],
  [MAP, 2],
  [MAP, 4],
];

/** By first byte: the kind, the bytes of length or number that follow it, and the length that it holds itself. */
const KIND = new Uint8Array(256).fill(SCALAR);
const WIDTH = new Uint8Array(256);
const LENGTH = new Uint8Array(256);
for (let first = 0x80; first < 0xc0; first++) {
  KIND[first] = first < 0x90 ? MAP : first < 0xa0 ? LIST : STRING;
  LENGTH[first] = first & (first < 0xa0 ? 0x0f : 0x1f);
}
for (const [index, [kind, width]] of WIDE.entries()) {
  KIND[0xc0 + index] = kind;
  WIDTH[0xc0 + index] = width;
}

/** A value's first byte comes next. */
const FIRST = 0;
/** Its length or number. */
const HEAD = 1;
/** Its bytes. */
const CONTENT = 2;
const FAILED = 3;

/** What comes next in a list, and by turns in a map. */
const ITEM = 0;
const NAME = 1;
const NAMED = 2;

const EXPONENT_32 = 0x7f80;
const EXPONENT_64 = 0x7ff0;

/**
 * Finds the values of some names of a msgpack map while its bytes arrive, and validates the whole value: `decodeMsgpack`
 * decodes every value that it accepts. It builds no values and keeps no bytes.
 *
 * Invariant: every value that is still to come takes at least one of the remaining bytes, so no declared length, and no sum
 * of them, exceeds the size of the body.
 */
export class MsgpackScanner {
  readonly spans: Spans;
  readonly #utf8 = new Utf8Checker();
  /** Values still to come of the open maps and lists, by level; a map has a name and a value for each entry. */
  readonly #owedAt = new Float64Array(MAX_DEPTH);
  /** What is next, by level. */
  readonly #nextAt = new Uint8Array(MAX_DEPTH);
  #maxBytes: number;
  #state = FIRST;
  /** Bytes of the pieces before. */
  #base = 0;
  /** Values to come, over all levels. */
  #owed = 1;
  #overhead = 0;
  /** Open maps and lists. */
  #depth = 0;
  /** Kind of the current value. */
  #kind = NONE;
  /** Bytes to come of its head or content. */
  #left = 0;
  /** Length or number in its head, so far. */
  #length = 0;
  /** Whether it is a name of the top level. */
  #isName = false;
  /** Names that it may be. */
  #fits = 0;
  /** Characters of it so far. */
  #characters = 0;
  /** The name whose value comes next, or -1. */
  #name = -1;
  /** The name whose value has begun, or -1. */
  #open = -1;

  /**
   * @param names at most 8, in ASCII; `spans` has their values by index.
   * @param maxBytes that the value may have: its length where that is known, what a body may have otherwise. A length
   * that exceeds it is refused where it is declared.
   */
  constructor(names: readonly string[], maxBytes: number) {
    this.spans = new Spans(names);
    this.#maxBytes = maxBytes;
  }

  /** Whether the value has ended: then nothing may follow. */
  get isComplete(): boolean {
    return this.#owed === 0 && this.#state === FIRST;
  }

  reset(maxBytes = this.#maxBytes): void {
    this.#maxBytes = maxBytes;
    this.spans.reset();
    this.#utf8.reset();
    this.#state = FIRST;
    this.#base = 0;
    this.#owed = 1;
    this.#overhead = 0;
    this.#depth = 0;
    this.#fits = 0;
    this.#name = -1;
    this.#open = -1;
  }

  /**
   * Takes the next bytes, which are not kept.
   *
   * @throws SyntaxError when they cannot become a value that `decodeMsgpack` accepts any more.
   */
  push(piece: Buffer): void {
    const { starts, ends, fitting, all } = this.spans;
    const owedAt = this.#owedAt;
    const nextAt = this.#nextAt;
    const size = piece.length;
    const base = this.#base;
    const max = this.#maxBytes;
    let state = this.#state;
    let owed = this.#owed;
    let overhead = this.#overhead;
    let depth = this.#depth;
    let kind = this.#kind;
    let left = this.#left;
    let length = this.#length;
    let open = this.#open;
    let index = 0;
    if (state === FAILED) throw this.#refusal("more of what was refused");
    if (base + size > max) throw this.#refusal("more bytes than it may have");

    while (index < size) {
      if (state === FIRST) {
        if (owed === 0) throw this.#refusal("something behind the value");
        const first = piece[index] as number;
        kind = KIND[first] as number;
        if (kind === NONE) throw this.#refusal("an extension");
        overhead += OVERHEAD[kind] as number;
        owed--;
        if (depth > 0) {
          const level = depth - 1;
          owedAt[level] = (owedAt[level] as number) - 1;
          const next = nextAt[level] as number;
          const isName = next === NAME;
          if (isName && kind !== STRING) throw this.#refusal("a key that is no string");
          if (next !== ITEM) nextAt[level] = isName ? NAMED : NAME;
          if (depth === 1) {
            this.#isName = isName;
            if (isName) {
              this.#name = -1;
              this.#fits = all;
              this.#characters = 0;
            } else if (this.#name >= 0) {
              open = this.#name;
              starts[open] = base + index;
              ends[open] = -1;
            }
          }
        }
        index++;
        left = WIDTH[first] as number;
        length = 0;
        if (left > 0) {
          state = HEAD;
          continue;
        }
        length = LENGTH[first] as number;
      } else if (state === HEAD) {
        length = length * 256 + (piece[index++] as number);
        left--;
        if (kind === FLOAT_32 ? left === 2 : kind === FLOAT_64 && left === 6) {
          const exponent = kind === FLOAT_32 ? EXPONENT_32 : EXPONENT_64;
          if ((length & exponent) === exponent) throw this.#refusal("a number that JSON does not have");
        }
        if (left > 0) continue;
        state = FIRST;
      } else {
        const end = Math.min(size, index + left);
        if (kind === STRING) {
          if (!this.#utf8.accepts(piece, index, end)) throw this.#refusal("a string that is not UTF-8");
          if (depth === 1 && this.#isName) {
            let fits = this.#fits;
            let characters = this.#characters;
            for (let at = index; at < end && fits !== 0; at++)
              fits &= fitting[characters++ * ROW + (piece[at] as number)] as number;
            this.#fits = fits;
            this.#characters = characters;
          }
        }
        left -= end - index;
        index = end;
        if (left > 0) continue;
        if (!this.#utf8.isWhole) throw this.#refusal("a string that is not UTF-8");
        if (depth === 1 && this.#isName) this.#name = this.spans.nameOf(this.#fits, this.#characters);
        state = FIRST;
        length = 0;
      }

      if (kind >= LIST) {
        const items = kind === MAP ? 2 * length : length;
        owed += items;
        if (owed > max - base - index) throw this.#refusal("a length beyond the body");
        if (depth === MAX_DEPTH) throw this.#refusal("too many levels");
        if (items > 0) {
          owedAt[depth] = items;
          nextAt[depth] = kind === MAP ? NAME : ITEM;
          depth++;
        }
      } else if (kind >= STRING && length > 0) {
        if (length > max - base - index - owed) throw this.#refusal("a length beyond the body");
        left = length;
        state = CONTENT;
        continue;
      }

      // A value has ended, or a map or list has begun, and with it end those that owe nothing more.
      for (;;) {
        if (depth === 1 && open >= 0) {
          ends[open] = base + index;
          open = -1;
        }
        if (depth === 0 || owedAt[depth - 1] !== 0) break;
        depth--;
      }
    }

    if (overhead > MAX_OVERHEAD) throw this.#refusal("too many values");
    this.#base = base + size;
    this.#state = state;
    this.#owed = owed;
    this.#overhead = overhead;
    this.#depth = depth;
    this.#kind = kind;
    this.#left = left;
    this.#length = length;
    this.#open = open;
  }

  /** @throws SyntaxError when the value is not complete. After that, and after any refusal, only `reset` helps. */
  end(): void {
    if (!this.isComplete) throw this.#refusal("a body that breaks off");
  }

  #refusal(got: string): SyntaxError {
    this.#state = FAILED;
    return new SyntaxError(`expected msgpack, got ${got}`);
  }
}
