/** Writes bits, most significant first, as H.264 has them. */
export class BitWriter {
  /** What is written, but for the last bytes. */
  readonly #pieces: Uint8Array[] = [];
  #bytes: number[] = [];
  /** Bits of the byte that is not full yet. */
  #open = 0;
  #openBits = 0;

  /** The lowest bits of a number. */
  bits(value: number, count: number): this {
    for (let at = count - 1; at >= 0; at -= 1) {
      this.#open = (this.#open << 1) | (Math.floor(value / 2 ** at) & 1);
      this.#openBits += 1;
      if (this.#openBits < 8) continue;
      this.#bytes.push(this.#open);
      this.#open = 0;
      this.#openBits = 0;
    }
    return this;
  }

  /** Exp-Golomb codes, for numbers from 0 on. */
  golomb(...values: readonly number[]): this {
    for (const value of values) {
      const length = 32 - Math.clz32(value + 1);
      this.bits(0, length - 1).bits(value + 1, length);
    }
    return this;
  }

  /** Zeros up to the end of the byte. */
  align(): this {
    while (this.#openBits > 0) this.bits(0, 1);
    return this;
  }

  /** Whole bytes, where the last one is full. They are kept as they are, not copied. */
  bytes(values: Uint8Array): this {
    this.#pieces.push(Uint8Array.from(this.#bytes), values);
    this.#bytes = [];
    return this;
  }

  /** The end of a unit: a one, and zeros up to the end of the byte. */
  end(): Buffer {
    this.bits(1, 1).align();
    return Buffer.concat([...this.#pieces, Uint8Array.from(this.#bytes)]);
  }
}
