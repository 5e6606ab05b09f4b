/** Something that a {@link FlowHeap} holds. It is in one heap at a time. */
export interface HeapItem {
  /** The smallest comes first; changes only while the item is in no heap. */
  key: number;
  /** Decides between equal keys: the smaller one comes first. */
  order: number;
  /** The heap's own: where the item is. */
  index: number;
}

const isBefore = (one: HeapItem, other: HeapItem): boolean =>
  one.key < other.key || (one.key === other.key && one.order < other.order);

/** A binary heap from which any item can be removed: each item has its own index. All operations are O(log n). */
export class FlowHeap<Item extends HeapItem> implements Iterable<Item> {
  readonly #items: Item[] = [];

  /** The item with the smallest key. */
  get first(): Item | undefined {
    return this.#items[0];
  }

  /** In no particular order. */
  [Symbol.iterator](): Iterator<Item> {
    return this.#items.values();
  }

  add(item: Item): void {
    this.#items.push(item);
    this.#rise(item, this.#items.length - 1);
  }

  remove(item: Item): void {
    const { index } = item;
    const last = this.#items.pop();
    if (last === undefined || last === item) return;
    const above = this.#items[(index - 1) >> 1];
    if (index > 0 && above !== undefined && isBefore(last, above)) this.#rise(last, index);
    else this.#sink(last, index);
  }

  clear(): void {
    this.#items.length = 0;
  }

  #rise(item: Item, from: number): void {
    let index = from;
    while (index > 0) {
      const above = (index - 1) >> 1;
      const parent = this.#items[above];
      if (parent === undefined || isBefore(parent, item)) break;
      this.#put(parent, index);
      index = above;
    }
    this.#put(item, index);
  }

  #sink(item: Item, from: number): void {
    let index = from;
    for (;;) {
      const left = 2 * index + 1;
      const one = this.#items[left];
      const other = this.#items[left + 1];
      const takesOther = one !== undefined && other !== undefined && isBefore(other, one);
      const child = takesOther ? other : one;
      if (child === undefined || isBefore(item, child)) break;
      this.#put(child, index);
      index = takesOther ? left + 1 : left;
    }
    this.#put(item, index);
  }

  #put(item: Item, index: number): void {
    this.#items[index] = item;
    item.index = index;
  }
}
