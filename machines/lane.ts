/** A request's place in a queue. */
export interface Ticket {
  readonly id: string;
  /** Cost in units. */
  readonly workload: number;
  /** Its arrival, in milliseconds of `performance.now()`. */
  readonly at: number;
}

interface Place extends Ticket {
  running: boolean;
  before: Place | undefined;
  behind: Place | undefined;
}

/**
 * The tickets that run and those that wait, strictly first in, first out.
 *
 * Waiting tickets are a doubly linked list, so that one in the middle leaves as cheaply as the first; every
 * ticket is found by its id. All operations are O(1).
 *
 * ```
 *   #first ──▶ ticket ◀──▶ ticket ◀──▶ ticket ◀── #last
 *   next turn                          newest
 * ```
 *
 * Invariant: no ticket waits while `running < limit`.
 */
export class Lane {
  /** Number of tickets that may run at once; `Infinity` for all. */
  readonly limit: number;
  readonly #places = new Map<string, Place>();
  #running = 0;
  #first: Place | undefined;
  #last: Place | undefined;

  constructor(limit: number) {
    this.limit = limit;
  }

  /** Number of tickets that run. */
  get running(): number {
    return this.#running;
  }

  /** Number of tickets that wait. */
  get waiting(): number {
    return this.#places.size - this.#running;
  }

  /** Arrival of the ticket that waits longest; undefined when none waits. */
  get oldestAt(): number | undefined {
    return this.#first?.at;
  }

  /**
   * Adds a ticket.
   *
   * @returns true: it runs now; false: it waits.
   */
  enter(id: string, workload: number, at: number): boolean {
    const running = this.#running < this.limit;
    const place: Place = { id, workload, at, running, before: undefined, behind: undefined };
    this.#places.set(id, place);
    if (running) this.#running++;
    else this.#append(place);
    return running;
  }

  /**
   * Removes a ticket, waiting or running.
   *
   * @returns the id of the ticket that runs instead, if any.
   */
  leave(id: string): string | undefined {
    const place = this.#places.get(id);
    if (place === undefined) return undefined;
    this.#places.delete(id);
    if (!place.running) {
      this.#unlink(place);
      return undefined;
    }
    this.#running--;
    const next = this.#first;
    if (next === undefined) return undefined;
    this.#unlink(next);
    next.running = true;
    this.#running++;
    return next.id;
  }

  /** The running tickets in the order in which they arrived. */
  *started(): Generator<Ticket> {
    for (const { id, workload, at, running } of this.#places.values()) {
      // First in, first out: behind the first one that waits all do.
      if (!running) return;
      yield { id, workload, at };
    }
  }

  /** The waiting tickets in the order of their turns. */
  *queued(): Generator<Ticket> {
    for (let place = this.#first; place !== undefined; place = place.behind) {
      yield { id: place.id, workload: place.workload, at: place.at };
    }
  }

  #append(place: Place): void {
    place.before = this.#last;
    if (this.#last === undefined) this.#first = place;
    else this.#last.behind = place;
    this.#last = place;
  }

  #unlink(place: Place): void {
    if (place.before === undefined) this.#first = place.behind;
    else place.before.behind = place.behind;
    if (place.behind === undefined) this.#last = place.before;
    else place.behind.before = place.before;
    place.before = undefined;
    place.behind = undefined;
  }
}
