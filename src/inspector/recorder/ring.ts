/** What is kept in a ring: numbers grow from one to the next. */
export interface Kept {
  readonly n: number;
  /** About how many bytes it takes. */
  size: number;
}

/** Keeps the last so many of what it is given, and no more than so many bytes of it. */
export class Ring<T extends Kept> {
  readonly #capacity: number;
  readonly #maxBytes: number;
  readonly #items: (T | undefined)[] = [];
  #start = 0;
  #count = 0;
  #bytes = 0;

  /** @param capacity integer of at least 1. */
  constructor(capacity: number, maxBytes: number) {
    this.#capacity = capacity;
    this.#maxBytes = maxBytes;
  }

  push(item: T): void {
    if (this.#count === this.#capacity) this.#drop();
    this.#items[(this.#start + this.#count) % this.#capacity] = item;
    this.#count++;
    this.#bytes += item.size;
    this.#shrink();
  }

  /** One of them has become larger; one that is not kept any more is let be. */
  grow(item: T, bytes: number): void {
    if (item.n < (this.#items[this.#start]?.n ?? Number.POSITIVE_INFINITY)) return;
    item.size += bytes;
    this.#bytes += bytes;
    this.#shrink();
  }

  /** Those with a larger number, oldest first. Costs as much as they are. */
  after(n: number): T[] {
    const found: T[] = [];
    for (let index = this.#count - 1; index >= 0; index--) {
      const item = this.#items[(this.#start + index) % this.#capacity];
      if (item === undefined || item.n <= n) break;
      found.push(item);
    }
    return found.reverse();
  }

  #shrink(): void {
    while (this.#bytes > this.#maxBytes && this.#count > 1) this.#drop();
  }

  #drop(): void {
    const oldest = this.#items[this.#start];
    this.#items[this.#start] = undefined;
    this.#start = (this.#start + 1) % this.#capacity;
    this.#count--;
    this.#bytes -= oldest?.size ?? 0;
  }
}
