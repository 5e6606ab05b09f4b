import type { ActorRow } from "../recorder/frames.js";

/** An actor as the tree shows it. */
export interface ActorEntry {
  readonly row: ActorRow;
  /** Events per second, over the last second or so. */
  readonly rate: number;
}

interface Kept {
  row: ActorRow;
  rate: number;
  /** Its events when the rate was last measured. */
  counted: number;
}

/** Milliseconds over which a rate is measured, at least. */
const RATE_SPAN_MS = 1000;
/** How many actors that have ended are remembered, for time travel. */
const KEPT_GONE = 5000;

/** All actors: those that are alive, and the last of those that have ended. O(1) per change. */
export class ActorTable {
  readonly #alive = new Map<string, Kept>();
  readonly #gone = new Map<string, ActorRow>();
  readonly #errors = new Map<string, number>();
  #measuredAt = 0;

  get size(): number {
    return this.#alive.size;
  }

  get(ref: string): ActorEntry | undefined {
    return this.#alive.get(ref);
  }

  /** Alive or not. */
  rowOf(ref: string): ActorRow | undefined {
    return this.#alive.get(ref)?.row ?? this.#gone.get(ref);
  }

  alive(): IterableIterator<ActorEntry> {
    return this.#alive.values();
  }

  gone(): IterableIterator<ActorRow> {
    return this.#gone.values();
  }

  /** The actor at the top of all. */
  root(): ActorRow | undefined {
    for (const { row } of this.#alive.values()) if (row.parent === undefined) return row;
    return undefined;
  }

  update(row: ActorRow): void {
    const kept = this.#alive.get(row.ref);
    if (kept === undefined) this.#alive.set(row.ref, { row, rate: 0, counted: row.events });
    else kept.row = row;
  }

  remove(ref: string): void {
    const kept = this.#alive.get(ref);
    if (kept === undefined) return;
    this.#alive.delete(ref);
    this.#gone.set(ref, kept.row);
    const [oldest] = this.#gone.size > KEPT_GONE ? this.#gone.keys() : [];
    if (oldest !== undefined) this.#gone.delete(oldest);
  }

  /** Counted by id: an actor that replaces another continues its count. */
  countError(id: string): void {
    this.#errors.set(id, this.errorsOf(id) + 1);
  }

  errorsOf(id: string): number {
    return this.#errors.get(id) ?? 0;
  }

  /** Measures all rates anew once a second has passed. */
  measure(at: number): void {
    const span = at - this.#measuredAt;
    if (span < RATE_SPAN_MS) return;
    for (const kept of this.#alive.values()) {
      kept.rate = ((kept.row.events - kept.counted) * 1000) / span;
      kept.counted = kept.row.events;
    }
    this.#measuredAt = at;
  }

  clear(): void {
    this.#alive.clear();
    this.#gone.clear();
    this.#errors.clear();
    this.#measuredAt = 0;
  }
}
