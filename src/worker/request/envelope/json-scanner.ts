import {
  ASCII_TEXT,
  EscapeDecoder,
  endOfLongText,
  endOfText,
  INCOMPLETE,
  INVALID,
  LITERAL_AT,
  LITERALS,
  SHORT_TEXT,
  TEXT,
  wordsOf,
} from "./json-tokens.js";
import { MAX_OVERHEAD, ROW, Spans } from "./spans.js";
import { Utf8Checker } from "./utf8-checker.js";

/** Bytes of memory that a value takes while it is parsed, rounded up: more for those that also take much time. */
const OF_CONTAINER = 256;
const OF_NAME = 192;
const OF_STRING = 64;
const OF_ITEM = 32;

const QUOTE = 0x22;
const COMMA = 0x2c;
const BACKSLASH = 0x5c;
const SPACE = 0x20;
const ZERO = 0x30;
const NINE = 0x39;
const PLUS = 0x2b;
const MINUS = 0x2d;
const DOT = 0x2e;
const SMALL_E = 0x65;
const LARGE_E = 0x45;

/** States between tokens, named after what may come next. The first two accept a value. */
const VALUE = 0;
const FIRST_ITEM = 1;
const FIRST_NAME = 2;
const NAME = 3;
const COLON = 4;
/** A value has ended. */
const AFTER = 5;
/** Within a string: its text, after a backslash. */
const STRING = 6;
const ESCAPE = 7;
const LITERAL = 8;
/** Within a number, named after the last character. */
const SIGN = 9;
const LEADING_ZERO = 10;
const INTEGER = 11;
const POINT = 12;
const FRACTION = 13;
const EXPONENT_LETTER = 14;
const EXPONENT_SIGN = 15;
const EXPONENT = 16;
const FAILED = 17;

/** Levels that a scanner has room for between texts. */
const ROOM = 512;

/**
 * Finds the values of some top-level names of a JSON object while its bytes arrive, and validates the whole text: it accepts
 * what `isUtf8` and `JSON.parse` accept, up to a limit on the number of values. It builds no values and keeps no bytes but a
 * bit for each open level.
 */
export class JsonScanner {
  readonly spans: Spans;
  readonly #utf8 = new Utf8Checker();
  #state = VALUE;
  /** Bytes of the pieces before. */
  #base = 0;
  #overhead = 0;
  #depth = 0;
  /** Whether the innermost open level is an object. */
  #inObject = false;
  /** The same by level, a bit each; the first level is bit 1. */
  #levels: Uint8Array = new Uint8Array(ROOM / 8);
  /** Whether the string is a name. */
  #isName = false;
  /** Names that the current one may be; 0 in all other strings. */
  #fits = 0;
  /** Characters of the current name, as long as it may be one of ours. */
  #length = 0;
  /** The name whose value comes next, or -1. */
  #name = -1;
  /** The name whose value has begun, or -1. */
  #open = -1;
  readonly #escape = new EscapeDecoder();
  /** The next character of a literal. */
  #literal = 0;

  /** @param names at most 8, in ASCII; `spans` has their values by index. */
  constructor(names: readonly string[]) {
    this.spans = new Spans(names);
  }

  /** Whether the value has ended: then only blanks may follow. */
  get isComplete(): boolean {
    return this.#state === AFTER && this.#depth === 0;
  }

  reset(): void {
    this.spans.reset();
    this.#utf8.reset();
    this.#escape.reset();
    this.#state = VALUE;
    this.#base = 0;
    this.#overhead = 0;
    this.#depth = 0;
    this.#inObject = false;
    if (this.#levels.length > ROOM / 8) this.#levels = new Uint8Array(ROOM / 8);
    this.#fits = 0;
    this.#name = -1;
    this.#open = -1;
  }

  /** Takes the next bytes, which are not kept. @throws SyntaxError for invalid JSON, and for too many values. */
  push(piece: Buffer): void {
    const { starts, ends, fitting, all } = this.spans;
    const size = piece.length;
    const base = this.#base;
    let state = this.#state;
    let overhead = this.#overhead;
    let depth = this.#depth;
    let inObject = this.#inObject;
    let levels = this.#levels;
    let isName = this.#isName;
    let fits = this.#fits;
    let length = this.#length;
    let name = this.#name;
    let open = this.#open;
    /** What ends the text of a string in this piece. */
    let marks: Uint8Array = ASCII_TEXT;
    let words: Int32Array | undefined;
    let index = 0;

    while (index < size) {
      const byte = piece[index] as number;
      if (state < STRING) {
        if (name >= 0 && state === VALUE && byte > SPACE) {
          starts[name] = base + index;
          ends[name] = -1;
          open = name;
          name = -1;
        }
        index++;
        switch (byte) {
          case 0x20:
          case 0x0a:
          case 0x0d:
          case 0x09:
            break;
          case 0x22: // "
            if (state === COLON || state === AFTER) throw this.#refusal(base + index - 1);
            isName = state > FIRST_ITEM;
            if (isName && depth === 1) {
              fits = all;
              length = 0;
            }
            overhead += OF_STRING;
            state = STRING;
            break;
          case 0x3a: // :
            if (state !== COLON) throw this.#refusal(base + index - 1);
            overhead += OF_NAME;
            state = VALUE;
            break;
          case 0x2c: // ,
            if (state !== AFTER || depth === 0) throw this.#refusal(base + index - 1);
            overhead += OF_ITEM;
            state = inObject ? NAME : VALUE;
            break;
          case 0x7b: // {
          case 0x5b: // [
            if (state > FIRST_ITEM) throw this.#refusal(base + index - 1);
            overhead += OF_CONTAINER;
            inObject = byte === 0x7b;
            depth++;
            if (depth >> 3 === levels.length) levels = this.#moreLevels(overhead);
            if (inObject) {
              levels[depth >> 3] = (levels[depth >> 3] as number) | (1 << (depth & 7));
              state = FIRST_NAME;
            } else {
              levels[depth >> 3] = (levels[depth >> 3] as number) & ~(1 << (depth & 7));
              state = FIRST_ITEM;
            }
            break;
          case 0x7d: // }
          case 0x5d: // ]
            if (depth === 0 || inObject !== (byte === 0x7d)) throw this.#refusal(base + index - 1);
            if (state !== AFTER && state !== (inObject ? FIRST_NAME : FIRST_ITEM))
              throw this.#refusal(base + index - 1);
            depth--;
            inObject = (((levels[depth >> 3] as number) >> (depth & 7)) & 1) === 1;
            state = AFTER;
            if (open >= 0 && depth === 1) {
              ends[open] = base + index;
              open = -1;
            }
            break;
          default:
            if (state > FIRST_ITEM) throw this.#refusal(base + index - 1);
            if (byte > ZERO && byte <= NINE) state = INTEGER;
            else if (byte === ZERO) state = LEADING_ZERO;
            else if (byte === MINUS) state = SIGN;
            else {
              state = LITERAL;
              this.#literal = LITERAL_AT[byte] as number;
              if (this.#literal === 0) throw this.#refusal(base + index - 1);
            }
        }
        if (state !== STRING || index === size) continue;
      } else if (state !== STRING) {
        if (state === ESCAPE) {
          const unit = this.#escape.push(byte);
          if (unit === INVALID) throw this.#refusal(base + index);
          index++;
          if (unit !== INCOMPLETE) {
            state = STRING;
            if (fits !== 0) fits &= unit < ROW ? (fitting[length++ * ROW + unit] as number) : 0;
          }
        } else if (state === LITERAL) {
          if (byte !== LITERALS[this.#literal]) throw this.#refusal(base + index);
          index++;
          if (LITERALS[++this.#literal] === 0) state = AFTER;
        } else if (byte >= ZERO && byte <= NINE && state !== LEADING_ZERO && state !== FAILED) {
          if (state === SIGN) state = byte === ZERO ? LEADING_ZERO : INTEGER;
          else if (state === POINT) state = FRACTION;
          else if (state > FRACTION) state = EXPONENT;
          index++;
          if (state !== LEADING_ZERO) {
            while (index < size && (piece[index] as number) >= ZERO && (piece[index] as number) <= NINE)
              index++;
          }
        } else if (byte === DOT && (state === LEADING_ZERO || state === INTEGER)) {
          index++;
          state = POINT;
        } else if (
          (byte === SMALL_E || byte === LARGE_E) &&
          (state === LEADING_ZERO || state === INTEGER || state === FRACTION)
        ) {
          index++;
          state = EXPONENT_LETTER;
        } else if ((byte === PLUS || byte === MINUS) && state === EXPONENT_LETTER) {
          index++;
          state = EXPONENT_SIGN;
        } else if (endsNumber(state)) state = AFTER;
        else throw this.#refusal(base + index);

        if (state === AFTER && open >= 0 && depth === 1) {
          ends[open] = base + index;
          open = -1;
        }
        continue;
      }

      if (fits === 0) {
        const near = index + SHORT_TEXT;
        if (near >= size) index = endOfText(piece, index, size, marks);
        else {
          index = endOfText(piece, index, near, marks);
          if (index === near) {
            words ??= wordsOf(piece);
            index = endOfLongText(piece, words, index, marks);
          }
        }
      } else {
        for (; index < size; index++) {
          const next = piece[index] as number;
          if (next < SPACE || next === QUOTE || next === BACKSLASH) break;
          fits &= fitting[length * ROW + next] as number;
          // Then the rest of it, this byte included, is text as any other.
          if (fits === 0) break;
          length++;
        }
      }
      if (index < size) {
        const next = piece[index] as number;
        if (next === QUOTE) {
          index++;
          if (isName) {
            name = fits === 0 ? -1 : this.spans.nameOf(fits, length);
            fits = 0;
            state = COLON;
            if (index < size && piece[index] === 0x3a) {
              index++;
              overhead += OF_NAME;
              state = VALUE;
            }
          } else {
            state = AFTER;
            if (open >= 0 && depth === 1) {
              ends[open] = base + index;
              open = -1;
            }
            if (depth > 0 && index < size && piece[index] === COMMA) {
              index++;
              overhead += OF_ITEM;
              state = inObject ? NAME : VALUE;
            }
          }
        } else if (next === BACKSLASH) {
          index++;
          state = ESCAPE;
        } else if (next < SPACE) throw this.#refusal(base + index);
        else if (next >= 0x80) marks = TEXT;
      }
    }

    if (overhead > MAX_OVERHEAD) throw this.#refusal();
    if ((marks !== ASCII_TEXT || !this.#utf8.isWhole) && !this.#utf8.accepts(piece, 0, size))
      throw this.#refusal(base + size);
    this.#base = base + size;
    this.#state = state;
    this.#overhead = overhead;
    this.#depth = depth;
    this.#inObject = inObject;
    this.#isName = isName;
    this.#fits = fits;
    this.#length = length;
    this.#name = name;
    this.#open = open;
  }

  /** @throws SyntaxError when the text is not complete. After that, and after any refusal, only `reset` helps. */
  end(): void {
    if (endsNumber(this.#state)) this.#state = AFTER;
    if (!this.isComplete) throw this.#refusal(this.#base);
  }

  /** @param offset undefined: too many values. */
  #refusal(offset?: number): SyntaxError {
    this.#state = FAILED;
    const got = offset === undefined ? "too many values" : `something else at byte ${offset}`;
    return new SyntaxError(`expected JSON, got ${got}`);
  }

  #moreLevels(overhead: number): Uint8Array {
    if (overhead > MAX_OVERHEAD) throw this.#refusal();
    const levels = new Uint8Array(this.#levels.length * 2);
    levels.set(this.#levels);
    this.#levels = levels;
    return levels;
  }
}

/** Whether the number may end in this state. */
const endsNumber = (state: number): boolean =>
  state === LEADING_ZERO || state === INTEGER || state === FRACTION || state === EXPONENT;
