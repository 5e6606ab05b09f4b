/**
 * The newest items of an endless sequence. Each item keeps its position while it is kept, and positions
 * count up, so that a reader can continue where it stopped. O(1) per item.
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

  /** Removes all items. Positions continue to count. */
  clear(): void {
    this.#items.fill(undefined);
    this.#start = this.#end;
  }
}

/** Items that were taken away at the front before the rest is moved down. */
const SLACK = 4096;

/**
 * The items of a ring that pass a test. It follows the ring: only new items are tested, and items that the ring has
 * dropped are dropped here.
 */
export class Selection<T> {
  readonly #ring: Ring<T>;
  readonly #test: (item: T) => boolean;
  /** Positions in the ring, ascending. Those before `#head` are gone. */
  #positions: number[] = [];
  #head = 0;
  #dropped = 0;
  #seen: number;

  constructor(ring: Ring<T>, test: (item: T) => boolean) {
    this.#ring = ring;
    this.#test = test;
    this.#seen = ring.start;
    this.follow();
  }

  /** How many are selected and still there. */
  get length(): number {
    return this.#positions.length - this.#head;
  }

  /** How many were selected and are gone: the first that is still there has this number. */
  get first(): number {
    return this.#dropped;
  }

  /** Applies what was added and dropped since. */
  follow(): void {
    const { start, end } = this.#ring;
    for (let position = Math.max(this.#seen, start); position < end; position += 1) {
      const item = this.#ring.at(position);
      if (item !== undefined && this.#test(item)) this.#positions.push(position);
    }
    this.#seen = end;
    while (this.length > 0 && (this.#positions[this.#head] ?? 0) < start) {
      this.#head += 1;
      this.#dropped += 1;
    }
    if (this.#head > SLACK) {
      this.#positions = this.#positions.slice(this.#head);
      this.#head = 0;
    }
  }

  /** @param index from 0, the oldest that is still there. */
  at(index: number): T | undefined {
    const position = this.#positions[this.#head + index];
    return position === undefined ? undefined : this.#ring.at(position);
  }

  /** The last ones up to an index, oldest first. */
  upTo(last: number, count: number): readonly T[] {
    const items: T[] = [];
    for (let index = Math.max(0, last - count + 1); index <= last; index += 1) {
      const item = this.at(index);
      if (item !== undefined) items.push(item);
    }
    return items;
  }

  /** Index of the last one that is before or at a position of the ring; -1: there is none. O(log n). */
  indexOf(position: number): number {
    let low = this.#head;
    let high = this.#positions.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#positions[middle] ?? Number.POSITIVE_INFINITY) <= position) low = middle + 1;
      else high = middle;
    }
    return low - 1 - this.#head;
  }
}
