/** A limit on the sum of the weights of all entries. */
interface Weight<T> {
  readonly weightOf: (item: T) => number;
  readonly most: number;
}

/** A list of the newest `limit` entries. The oldest are dropped beyond that, or beyond the weight. */
export class BoundedList<T> {
  readonly #items: T[] = [];
  readonly #limit: number;
  readonly #weight: Weight<T> | undefined;
  #sum = 0;

  constructor(limit: number, weight?: Weight<T>) {
    this.#limit = limit;
    this.#weight = weight;
  }

  /** The entries, oldest first. Not a copy: it changes with each push. */
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
