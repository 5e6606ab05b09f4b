interface Entry<Event> {
  readonly at: number;
  /** Events of the same moment come in the order in which they were added. */
  readonly turn: number;
  readonly event: Event;
}

/** Events by their moments: adding and taking cost O(log n). */
export class EventHeap<Event> {
  readonly #entries: Entry<Event>[] = [];
  #lastTurn = 0;

  add(at: number, event: Event): void {
    this.#lastTurn += 1;
    const entry = { at, turn: this.#lastTurn, event };
    let index = this.#entries.push(entry) - 1;
    while (index > 0) {
      const above = (index - 1) >> 1;
      const parent = this.#entries[above];
      if (parent === undefined || isBefore(parent, entry)) break;
      this.#entries[index] = parent;
      index = above;
    }
    this.#entries[index] = entry;
  }

  /** Takes the first event whose moment is `now` or earlier. */
  take(now: number): Event | undefined {
    const [first] = this.#entries;
    if (first === undefined || first.at > now) return undefined;
    const last = this.#entries.pop();
    if (last !== undefined && last !== first) this.#sink(last);
    return first.event;
  }

  /** Puts an entry where the first one was, and down to its place. */
  #sink(entry: Entry<Event>): void {
    let index = 0;
    for (;;) {
      const left = 2 * index + 1;
      const [one, other] = [this.#entries[left], this.#entries[left + 1]];
      const takesOther = one !== undefined && other !== undefined && isBefore(other, one);
      const child = takesOther ? other : one;
      if (child === undefined || isBefore(entry, child)) break;
      this.#entries[index] = child;
      index = takesOther ? left + 1 : left;
    }
    this.#entries[index] = entry;
  }
}

const isBefore = (one: Entry<unknown>, other: Entry<unknown>): boolean =>
  one.at < other.at || (one.at === other.at && one.turn < other.turn);
