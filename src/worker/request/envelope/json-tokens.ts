/** The literals of JSON, each followed by 0. */
export const LITERALS = Buffer.from("true\0false\0null\0");

/** By the first letter of a literal: the index of its second letter in {@link LITERALS}; 0 for any other byte. */
export const LITERAL_AT = new Uint8Array(256);
for (const literal of ["true", "false", "null"])
  LITERAL_AT[literal.charCodeAt(0)] = LITERALS.indexOf(literal) + 1;

/** By the character after a backslash: the character that the escape represents; 0 for none. */
const ESCAPED = new Uint8Array(256);
for (const [letter, character] of ['""', "\\\\", "//", "b\b", "f\f", "n\n", "r\r", "t\t"])
  ESCAPED[letter?.charCodeAt(0) ?? 0] = character?.charCodeAt(0) ?? 0;
const LETTER_U = 0x75;

/** The value of a hexadecimal digit; -1 for any other byte. */
const HEX_DIGIT = new Int8Array(256).fill(-1);
for (const [value, digit] of [..."0123456789abcdef"].entries()) {
  HEX_DIGIT[digit.charCodeAt(0)] = value;
  HEX_DIGIT[digit.toUpperCase().charCodeAt(0)] = value;
}

/** An escape that needs further bytes. */
export const INCOMPLETE = -1;
/** Bytes that are not an escape. */
export const INVALID = -2;

/** Decodes escapes in the strings of a JSON text, byte by byte. */
export class EscapeDecoder {
  /** Hexadecimal digits to come; 0: the character after the backslash comes next. */
  #digits = 0;
  #unit = 0;

  /**
   * Takes the next byte after a backslash.
   *
   * @returns the UTF-16 unit of a complete escape, or {@link INCOMPLETE}, or {@link INVALID}.
   */
  push(byte: number): number {
    if (this.#digits === 0) {
      const unit = ESCAPED[byte] as number;
      if (unit !== 0) return unit;
      if (byte !== LETTER_U) return INVALID;
      this.#digits = 4;
      this.#unit = 0;
      return INCOMPLETE;
    }
    const digit = HEX_DIGIT[byte] as number;
    if (digit < 0) return INVALID;
    this.#unit = this.#unit * 16 + digit;
    return --this.#digits === 0 ? this.#unit : INCOMPLETE;
  }

  reset(): void {
    this.#digits = 0;
  }
}

/** Bytes of a string up to which its text is looked at byte by byte; more are worth a view by four bytes. */
export const SHORT_TEXT = 512;

/** Marks the bytes that end a run of text, or need a look: control characters, quotes and backslashes. */
export const TEXT = new Uint8Array(256).fill(1, 0, 0x20);
TEXT[0x22] = 1;
TEXT[0x5c] = 1;

/** Marks those of characters beyond ASCII as well. */
export const ASCII_TEXT = TEXT.slice().fill(1, 0x80);

/** The high bit of each of four bytes, as a signed integer. */
const HIGH_BITS = 0x80808080 | 0;

/** Index of the first byte that is marked, or `end`. */
export function endOfText(piece: Buffer, start: number, end: number, marks: Uint8Array): number {
  let index = start;
  const last = end - 3;
  for (; index < last; index += 4) {
    const found =
      (marks[piece[index] as number] as number) |
      (marks[piece[index + 1] as number] as number) |
      (marks[piece[index + 2] as number] as number) |
      (marks[piece[index + 3] as number] as number);
    if (found !== 0) break;
  }
  while (index < end && marks[piece[index] as number] === 0) index++;
  return index;
}

/** Bytes of a piece before the first that has an address divisible by four. */
const beforeWords = (piece: Buffer): number => -piece.byteOffset & 3;

/** The piece by four bytes, from the first address that is divisible by four. */
export function wordsOf(piece: Buffer): Int32Array {
  const before = beforeWords(piece);
  return new Int32Array(piece.buffer, piece.byteOffset + before, (piece.length - before) >> 2);
}

/**
 * Of four bytes the high bit of the first one that is below 0x80 and a control character, a quote or a backslash; there
 * may be more bits, but none where there is no such byte.
 */
const stopsIn = (word: number): number =>
  ((word - 0x20202020) | ((word ^ 0x22222222) - 0x01010101) | ((word ^ 0x5c5c5c5c) - 0x01010101)) & ~word;

/**
 * Index of the first byte that is marked, or the length of the piece: at least twice as fast.
 *
 * @param words of the piece.
 * @param start at least 3 bytes behind the beginning of a run without marked bytes.
 */
export function endOfLongText(piece: Buffer, words: Int32Array, start: number, marks: Uint8Array): number {
  const before = beforeWords(piece);
  const last = words.length - 1;
  const high = marks === ASCII_TEXT ? HIGH_BITS : 0;
  let at = (start - before) >> 2;
  for (; at < last; at += 2) {
    const first = words[at] as number;
    const second = words[at + 1] as number;
    if (((stopsIn(first) | stopsIn(second)) & HIGH_BITS) !== 0 || ((first | second) & high) !== 0) break;
  }
  const index = at * 4 + before;
  return endOfText(piece, index, Math.min(index + 8, piece.length), marks);
}
