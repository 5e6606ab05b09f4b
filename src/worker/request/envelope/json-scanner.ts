import { MAX_OVERHEAD, ROW, Spans } from "./spans.js";
import { ASCII_TEXT, endOfLongText, endOfText, SHORT_TEXT, TEXT, wordsOf } from "./string-text.js";
import { Utf8Checker } from "./utf8-checker.js";

/**
 * Bytes of memory for each object or list, name, string and other value while it is parsed, rounded up: what counts more
 * is the time, which grows faster than the number of the first two.
 */
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
const SMALL_A = 0x61;
const SMALL_E = 0x65;
const SMALL_F = 0x66;
/** Turns an ASCII letter into a small one. */
const SMALL = 0x20;

/** What may come next between tokens. The first two accept a value. */
const VALUE = 0;
const FIRST_ITEM = 1;
const FIRST_NAME = 2;
const NAME = 3;
const COLON = 4;
/** A value has ended. */
const AFTER = 5;
/** Within a string: its text, behind a backslash, hexadecimal digits. */
const STRING = 6;
const ESCAPE = 7;
const HEX = 8;
/** Within a literal. */
const LITERAL = 9;
/** Within a number: behind what the state is named after. */
const SIGN = 10;
const LEADING_ZERO = 11;
const INTEGER = 12;
const POINT = 13;
const FRACTION = 14;
const EXPONENT_LETTER = 15;
const EXPONENT_SIGN = 16;
const EXPONENT = 17;
const FAILED = 18;

/** Each ends with 0. */
const LITERALS = Buffer.from("true\0false\0null\0");
const BEHIND_T = 1;
const BEHIND_F = 6;
const BEHIND_N = 12;

/** The character behind a backslash that stands for which one; 0 for what is no escape. */
const ESCAPED = new Uint8Array(256);
for (const [letter, character] of ['""', "\\\\", "//", "b\b", "f\f", "n\n", "r\r", "t\t"])
  ESCAPED[letter?.charCodeAt(0) ?? 0] = character?.charCodeAt(0) ?? 0;
const LETTER_U = 0x75;

/** Levels that a scanner has room for at first, and keeps between texts. */
const ROOM = 512;

/**
 * Finds the values of some names in the object that a JSON text is, while its bytes arrive, and checks the whole text:
 * it accepts what `isUtf8` and `JSON.parse` accept, up to a limit on the number of values. It builds no values and keeps
 * no bytes but a bit for each open level.
 *
 * @example
 * const scanner = new JsonScanner(["auth_data", "payload"]);
 * for (const piece of pieces) scanner.push(piece);
 * scanner.end();
 * const payload = body.subarray(scanner.startOf(1), scanner.endOf(1));
 */
export class JsonScanner {
  readonly #spans: Spans;
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
  #isObject = false;
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
  /** Hexadecimal digits that an escape still needs, and the number that they are. */
  #digits = 0;
  #unit = 0;
  /** The next character of a literal. */
  #literal = 0;

  /** @param names at most 8, in ASCII; `startOf` and `endOf` take their index. */
  constructor(names: readonly string[]) {
    this.#spans = new Spans(names);
  }

  /** Whether the text is an object, from its first character on. */
  get isObject(): boolean {
    return this.#isObject;
  }

  /** Whether the value has ended: then only blanks may follow. */
  get isComplete(): boolean {
    return this.#state === AFTER && this.#depth === 0;
  }

  /**
   * Byte offset in the text of the value of a name, -1 as long as there is none. Of several values of one name the last
   * that has begun counts.
   */
  startOf(name: number): number {
    return this.#spans.starts[name] ?? -1;
  }

  /** Byte offset behind the value at `startOf`, -1 as long as it is not complete. */
  endOf(name: number): number {
    return this.#spans.ends[name] ?? -1;
  }

  /** Prepares for another text. */
  reset(): void {
    this.#spans.reset();
    this.#utf8.reset();
    this.#state = VALUE;
    this.#base = 0;
    this.#overhead = 0;
    this.#depth = 0;
    this.#inObject = false;
    if (this.#levels.length > ROOM / 8) this.#levels = new Uint8Array(ROOM / 8);
    this.#isObject = false;
    this.#fits = 0;
    this.#name = -1;
    this.#open = -1;
  }

  /**
   * Takes the next bytes, which are not kept.
   *
   * @throws SyntaxError when the text cannot become JSON any more, or holds too many values.
   */
  push(piece: Buffer): void {
    const { starts, ends, fitting, all } = this.#spans;
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
            if (depth === 0) this.#isObject = inObject;
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
              if (byte === 0x74) this.#literal = BEHIND_T;
              else if (byte === 0x66) this.#literal = BEHIND_F;
              else if (byte === 0x6e) this.#literal = BEHIND_N;
              else throw this.#refusal(base + index - 1);
            }
        }
        if (state !== STRING || index === size) continue;
      } else if (state !== STRING) {
        if (state === ESCAPE) {
          index++;
          const unit = ESCAPED[byte] as number;
          if (unit !== 0) {
            state = STRING;
            if (fits !== 0) fits &= fitting[length++ * ROW + unit] as number;
          } else if (byte === LETTER_U) {
            state = HEX;
            this.#digits = 4;
            this.#unit = 0;
          } else throw this.#refusal(base + index - 1);
        } else if (state === HEX) {
          const letter = byte | SMALL;
          let digit = -1;
          if (byte >= ZERO && byte <= NINE) digit = byte - ZERO;
          else if (letter >= SMALL_A && letter <= SMALL_F) digit = letter - SMALL_A + 10;
          else throw this.#refusal(base + index);
          index++;
          this.#unit = this.#unit * 16 + digit;
          if (--this.#digits === 0) {
            state = STRING;
            if (fits !== 0) fits &= this.#unit < ROW ? (fitting[length++ * ROW + this.#unit] as number) : 0;
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
          (byte | SMALL) === SMALL_E &&
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
            name = fits === 0 ? -1 : this.#spans.nameOf(fits, length);
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

    if (overhead > MAX_OVERHEAD) throw this.#tooMany();
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

  #refusal(offset: number): SyntaxError {
    this.#state = FAILED;
    return new SyntaxError(`expected JSON, got something else at byte ${offset}`);
  }

  #tooMany(): SyntaxError {
    this.#state = FAILED;
    return new SyntaxError("expected JSON, got too many values");
  }

  /** Twice the room for levels. */
  #moreLevels(overhead: number): Uint8Array {
    if (overhead > MAX_OVERHEAD) throw this.#tooMany();
    const levels = new Uint8Array(this.#levels.length * 2);
    levels.set(this.#levels);
    this.#levels = levels;
    return levels;
  }
}

/** Whether the number may end in this state. */
const endsNumber = (state: number): boolean =>
  state === LEADING_ZERO || state === INTEGER || state === FRACTION || state === EXPONENT;
