import type { Ring } from "./ring.js";

/** Items that were taken away at the front before the rest is moved down. */
const SLACK = 4096;

/**
 * The items of a ring that pass a test. It follows the ring: only what is new is tested, and what the ring has let
 * go of is let go of here.
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

  /** Looks at what has come and gone since. */
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
