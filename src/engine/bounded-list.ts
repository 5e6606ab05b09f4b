/** A list of the newest `limit` entries: what is pushed beyond that drops the oldest. */
export class BoundedList<T> {
  readonly #items: T[] = [];
  readonly #limit: number;

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** The entries, oldest first. It is the list itself, not a copy: it grows as entries come. */
  get items(): readonly T[] {
    return this.#items;
  }

  push(item: T): void {
    if (this.#items.push(item) > this.#limit) this.#items.shift();
  }
}
