/** What the entries of a list may weigh together. */
interface Weight<T> {
  readonly weightOf: (item: T) => number;
  readonly most: number;
}

/** A list of the newest `limit` entries: what is pushed beyond that, or beyond their weight, drops the oldest. */
export class BoundedList<T> {
  readonly #items: T[] = [];
  readonly #limit: number;
  readonly #weight: Weight<T> | undefined;
  #sum = 0;

  constructor(limit: number, weight?: Weight<T>) {
    this.#limit = limit;
    this.#weight = weight;
  }

  /** The entries, oldest first. It is the list itself, not a copy: it grows as entries come. */
  get items(): readonly T[] {
    return this.#items;
  }

  push(item: T): void {
    const { weightOf = () => 0, most = 0 } = this.#weight ?? {};
    this.#items.push(item);
    this.#sum += weightOf(item);
    while (this.#items.length > this.#limit || this.#sum > most) {
      const oldest = this.#items.shift();
      if (oldest === undefined) return;
      this.#sum -= weightOf(oldest);
    }
  }
}
