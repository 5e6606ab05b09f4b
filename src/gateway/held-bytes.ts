/**
 * The memory budget of the bodies of all requests. A body takes its bytes from it as they arrive, and returns them when its
 * answer begins: until then it may have to be sent to another worker.
 */
export class HeldBytes {
  readonly #limit: number;
  #used = 0;

  /** @param limit in bytes. */
  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Bytes that are held now. */
  get used(): number {
    return this.#used;
  }

  /** @returns false: there is no room, and nothing was taken. */
  reserve(bytes: number): boolean {
    if (this.#used + bytes > this.#limit) return false;
    this.#used += bytes;
    return true;
  }

  release(bytes: number): void {
    this.#used -= bytes;
  }
}
