/** A request's place in a queue. */
export interface Ticket {
  readonly id: string;
  /** Cost in units. */
  readonly workload: number;
  /** Its arrival, in milliseconds of `performance.now()`. */
  readonly at: number;
  /** The flow that it belongs to; only in a {@link FairLane}. */
  readonly flow?: string;
}

/** A flow with tickets, for inspection. */
export interface FlowView {
  readonly name: string;
  readonly waiting: number;
  readonly running: number;
  /** Workload that would have its turn before a new ticket like the flow's last one. */
  readonly ahead: number;
}

/** The tickets that run and those that wait. Invariant: no ticket waits while `running < limit`. */
export interface Lane {
  /** Number of tickets that may run at once; `Infinity` for all. */
  readonly limit: number;
  /** Number of tickets that run. */
  readonly running: number;
  /** Number of tickets that wait. */
  readonly waiting: number;
  /** Arrival of the ticket that waits longest; undefined when none waits. */
  readonly oldestAt: number | undefined;
  /**
   * Adds a ticket.
   *
   * @param flow whose share of the turns it takes; only in a {@link FairLane}, as the following ones.
   * @param weight of the flow: its share is in proportion to it. Above 0.
   * @param priority 0 to 9: all waiting tickets of a higher one have their turns first.
   * @returns true: it runs now; false: it waits.
   */
  enter(id: string, workload: number, at: number, flow?: string, weight?: number, priority?: number): boolean;
  /**
   * Removes a ticket, waiting or running.
   *
   * @returns the id of the ticket that runs instead, if any.
   */
  leave(id: string): string | undefined;
  /**
   * Waiting workload that would have its turn after a new ticket; estimated, and 0 where turns follow arrival. The parameters
   * are those of `enter`.
   */
  behind(workload: number, flow?: string, weight?: number, priority?: number): number;
  /** The flows with tickets, those with most waiting tickets first; none in a {@link FifoLane}. Costs O(n log n) for n flows. */
  flows(): readonly FlowView[];
  /** The running tickets in the order in which they started. */
  started(): Generator<Ticket>;
  /** The waiting tickets in the order of their turns, as they are if no further ticket arrives. */
  queued(): Generator<Ticket>;
}

interface Place extends Ticket {
  running: boolean;
  before: Place | undefined;
  behind: Place | undefined;
}

/**
 * A lane in which tickets have their turns strictly first in, first out.
 *
 * Waiting tickets are a doubly linked list, so that one in the middle leaves as cheaply as the first; every
 * ticket is found by its id. All operations are O(1).
 *
 * ```
 *   #first ──▶ ticket ◀──▶ ticket ◀──▶ ticket ◀── #last
 *   next turn                          newest
 * ```
 */
export class FifoLane implements Lane {
  readonly limit: number;
  readonly #places = new Map<string, Place>();
  #running = 0;
  #first: Place | undefined;
  #last: Place | undefined;

  constructor(limit: number) {
    this.limit = limit;
  }

  get running(): number {
    return this.#running;
  }

  get waiting(): number {
    return this.#places.size - this.#running;
  }

  get oldestAt(): number | undefined {
    return this.#first?.at;
  }

  enter(id: string, workload: number, at: number): boolean {
    const running = this.#running < this.limit;
    const place: Place = { id, workload, at, running, before: undefined, behind: undefined };
    this.#places.set(id, place);
    if (running) this.#running++;
    else this.#append(place);
    return running;
  }

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

  behind(): number {
    return 0;
  }

  flows(): readonly FlowView[] {
    return [];
  }

  *started(): Generator<Ticket> {
    for (const { id, workload, at, running } of this.#places.values()) {
      // First in, first out: behind the first one that waits all do.
      if (!running) return;
      yield { id, workload, at };
    }
  }

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
