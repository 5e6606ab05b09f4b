import { isUtf8 } from "node:buffer";

/** Bytes from which the native check is worth its call. */
const LONG = 48;

/** Checks bytes that come in pieces for being UTF-8; a character may be split between pieces. */
export class Utf8Checker {
  /** Bytes that the last character still needs. */
  #needed = 0;
  /** What the next byte of that character may be. */
  #lowest = 0x80;
  #highest = 0xbf;

  /** Whether no character is incomplete. */
  get isWhole(): boolean {
    return this.#needed === 0;
  }

  reset(): void {
    this.#needed = 0;
    this.#lowest = 0x80;
    this.#highest = 0xbf;
  }

  /** @returns false when the bytes so far cannot be the beginning of a text. After that the checker needs a reset. */
  accepts(piece: Buffer, start: number, end: number): boolean {
    let index = start;
    if (this.#needed > 0) {
      const near = Math.min(end, start + this.#needed);
      if (!this.#step(piece, start, near)) return false;
      index = near;
    }
    if (end - index >= LONG) {
      const whole = endOfWhole(piece, end);
      if (!isUtf8(piece.subarray(index, whole))) return false;
      index = whole;
    }
    return this.#step(piece, index, end);
  }

  #step(piece: Buffer, start: number, end: number): boolean {
    let needed = this.#needed;
    let lowest = this.#lowest;
    let highest = this.#highest;
    for (let index = start; index < end; index++) {
      const byte = piece[index] as number;
      if (needed > 0) {
        if (byte < lowest || byte > highest) return false;
        needed--;
        lowest = 0x80;
        highest = 0xbf;
      } else if (byte >= 0x80) {
        if (byte < 0xc2 || byte > 0xf4) return false;
        needed = byte < 0xe0 ? 1 : byte < 0xf0 ? 2 : 3;
        // Overlong forms, surrogates, and what is beyond U+10FFFF.
        if (byte === 0xe0) lowest = 0xa0;
        else if (byte === 0xed) highest = 0x9f;
        else if (byte === 0xf0) lowest = 0x90;
        else if (byte === 0xf4) highest = 0x8f;
      }
    }
    this.#needed = needed;
    this.#lowest = lowest;
    this.#highest = highest;
    return true;
  }
}

/** Index at which a character begins that `end` may split; `end` where the last one is of one byte. */
function endOfWhole(piece: Buffer, end: number): number {
  for (let index = end - 1; index >= end - 3; index--) {
    const byte = piece[index] as number;
    if (byte >= 0xc0) return index;
    if (byte < 0x80) return end;
  }
  return end;
}
