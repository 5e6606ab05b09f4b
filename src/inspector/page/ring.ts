/**
 * The newest items of a row that never ends. Each item keeps its position for as long as it is here, and positions
 * count up for ever, so that a reader can go on where it was. O(1) per item.
 */
export class Ring<T> {
  readonly #capacity: number;
  readonly #items: (T | undefined)[];
  #start = 0;
  #end = 0;

  /** @param capacity how many items are kept, at least 1. */
  constructor(capacity: number) {
    this.#capacity = capacity;
    this.#items = new Array<T | undefined>(capacity).fill(undefined);
  }

  /** Position of the oldest item that is kept. */
  get start(): number {
    return this.#start;
  }

  /** Position of the item that comes next. */
  get end(): number {
    return this.#end;
  }

  push(item: T): void {
    this.#items[this.#end % this.#capacity] = item;
    this.#end += 1;
    if (this.#end - this.#start > this.#capacity) this.#start += 1;
  }

  /** The item at a position; undefined where it is no longer kept, or has not come yet. */
  at(position: number): T | undefined {
    return position >= this.#start && position < this.#end
      ? this.#items[position % this.#capacity]
      : undefined;
  }

  /** Lets go of all items. Positions go on from where they were. */
  clear(): void {
    this.#items.fill(undefined);
    this.#start = this.#end;
  }
}
