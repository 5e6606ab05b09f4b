/** A session as the table shows it. */
export interface TableEntry {
  readonly id: string;
  /** Milliseconds of a clock that never jumps. */
  readonly expiresAt: number;
  readonly closing: boolean;
}

interface Place<T> {
  readonly id: string;
  readonly session: T;
  expiresAt: number;
  /** Where on the wheel it is, as the second in which its slot comes up; undefined once it is off the wheel. */
  second: number | undefined;
  closing: boolean;
}

/** Slots of the wheel. A session that lives longer is looked at once in each turn. */
const SLOTS = 512;

/** The first second at whose beginning an expiry has passed. */
const secondOf = (expiresAt: number): number =>
  Math.min(Math.ceil(expiresAt / 1000), Number.MAX_SAFE_INTEGER);

/**
 * Sessions by their ids, and when they expire: a wheel of one-second slots.
 *
 * ```
 *             #swept
 *               ▼
 *   ┌─────┬─────┬─────┬─────┬─────┬─────┬─ ─ ─┬─────┐
 *   │     │  ∅  │  a  │     │ b c │     │     │  d  │   slot = second % SLOTS
 *   └─────┴─────┴──┬──┴─────┴─────┴─────┴─ ─ ─┴──▲──┘
 *                  └── used meanwhile: moves on ───┘
 * ```
 *
 * Most sessions are used again and again before they expire. So a use only stores the new expiry; when the
 * session's slot comes up, it moves on to where it belongs by then. All operations are O(1); a sweep costs the slots
 * that came up, and in them each session at most once per turn of the wheel or per expiry that has passed.
 *
 * Invariant: an open session lies in a slot that comes up not later than it expires, or next.
 */
export class SessionTable<T> {
  readonly #places = new Map<string, Place<T>>();
  readonly #slots: Set<Place<T>>[] = Array.from({ length: SLOTS }, () => new Set());
  /** The last second whose slot came up. */
  #swept = 0;
  #closing = 0;
  #looks = 0;

  /** Number of sessions that are open. */
  get open(): number {
    return this.#places.size - this.#closing;
  }

  /** Number of sessions that close, but have not closed yet. */
  get closing(): number {
    return this.#closing;
  }

  /** How often sweeps have looked at a session so far: what the wheel costs. */
  get looks(): number {
    return this.#looks;
  }

  /** Whether a session of that id is open or closing. */
  has(id: string): boolean {
    return this.#places.has(id);
  }

  /** Takes an open session in; its id must be new. `expiresAt` in milliseconds. */
  add(id: string, expiresAt: number, session: T): void {
    const place: Place<T> = { id, session, expiresAt, second: undefined, closing: false };
    this.#places.set(id, place);
    this.#lay(place);
  }

  /**
   * Sets a new expiry, in milliseconds.
   *
   * @returns the session, or undefined when none of that id is open.
   */
  extend(id: string, expiresAt: number): T | undefined {
    const place = this.#places.get(id);
    if (place === undefined || place.closing) return undefined;
    const isSooner = expiresAt < place.expiresAt;
    place.expiresAt = expiresAt;
    // The other way round its slot would come up too late.
    if (isSooner) {
      this.#lift(place);
      this.#lay(place);
    }
    return place.session;
  }

  /**
   * From now on the session closes, and does not expire any more.
   *
   * @returns the session, or undefined when none of that id is open.
   */
  close(id: string): T | undefined {
    const place = this.#places.get(id);
    if (place === undefined || place.closing) return undefined;
    place.closing = true;
    this.#closing++;
    this.#lift(place);
    return place.session;
  }

  /**
   * Lets a session go, open or closing.
   *
   * @returns whether there was one of that id.
   */
  remove(id: string): boolean {
    const place = this.#places.get(id);
    if (place === undefined) return false;
    this.#places.delete(id);
    if (place.closing) this.#closing--;
    this.#lift(place);
    return true;
  }

  /**
   * Turns the wheel on to `now`, in milliseconds.
   *
   * @returns the ids of the open sessions that have expired; each is to be closed or removed.
   */
  sweep(now: number): readonly string[] {
    const second = Math.floor(now / 1000);
    // After a long pause one turn comes by every slot.
    const from = Math.max(this.#swept, second - SLOTS) + 1;
    this.#swept = second;
    const expired: string[] = [];
    for (let each = from; each <= second; each++) {
      for (const place of this.#empty(each)) {
        this.#looks++;
        place.second = undefined;
        if (place.expiresAt <= now) expired.push(place.id);
        else this.#lay(place);
      }
    }
    return expired;
  }

  /** The sessions themselves, open or closing. */
  *sessions(): Generator<T> {
    for (const { session } of this.#places.values()) yield session;
  }

  /** The sessions for people to see, in the order in which they were opened. */
  *entries(): Generator<TableEntry> {
    for (const { id, expiresAt, closing } of this.#places.values()) yield { id, expiresAt, closing };
  }

  #lay(place: Place<T>): void {
    place.second = Math.max(secondOf(place.expiresAt), this.#swept + 1);
    this.#slots[place.second % SLOTS]?.add(place);
  }

  #lift(place: Place<T>): void {
    if (place.second === undefined) return;
    this.#slots[place.second % SLOTS]?.delete(place);
    place.second = undefined;
  }

  /** Takes a slot's content out, so that what is laid anew into the same slot is not met again. */
  #empty(second: number): Iterable<Place<T>> {
    const index = second % SLOTS;
    const slot = this.#slots[index];
    if (slot === undefined || slot.size === 0) return [];
    this.#slots[index] = new Set();
    return slot;
  }
}
