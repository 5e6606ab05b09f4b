/**
 * Counts distinct numbers, and takes off those that came first. Numbers that come in ascending order, as request
 * numbers mostly do, are not hashed.
 */
export class DistinctNumbers {
  /** In ascending order, which is the order in which they came. */
  #ascending: number[] = [];
  /** Those that came after a greater one, in the order in which they came, with the count of numbers before each. */
  readonly #late = new Map<number, number>();
  /** The greatest of the ascending ones, those taken off included. */
  #greatest = Number.NEGATIVE_INFINITY;
  /** Numbers counted since the start, those taken off included. */
  #counted = 0;

  get size(): number {
    return this.#ascending.length + this.#late.size;
  }

  has(number: number): boolean {
    return number <= this.#greatest && (this.#isAscending(number) || this.#late.has(number));
  }

  add(number: number): void {
    if (number > this.#greatest) {
      this.#ascending.push(number);
      this.#greatest = number;
    } else if (this.has(number)) return;
    else this.#late.set(number, this.#counted);
    this.#counted++;
  }

  /** Takes off the `count` numbers that came first, or all where there are fewer. */
  removeFirst(count: number): void {
    const end = this.#counted - this.size + count;
    let ascending = Math.min(count, this.size);
    for (const [number, before] of this.#late) {
      if (before >= end) break;
      this.#late.delete(number);
      ascending--;
    }
    this.#ascending = this.#ascending.slice(ascending);
    if (this.size === 0) this.#greatest = Number.NEGATIVE_INFINITY;
  }

  #isAscending(number: number): boolean {
    // Most often it is the same number once more.
    if (this.#ascending.at(-1) === number) return true;
    let low = 0;
    let high = this.#ascending.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#ascending[middle] ?? 0) < number) low = middle + 1;
      else high = middle;
    }
    return this.#ascending[low] === number;
  }
}
