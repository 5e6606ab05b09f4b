import { isSameState } from "../chart/state-value.js";
import type {
  ActorRow,
  ActorStatus,
  EventRecord,
  InspectRecord,
  SafeValue,
  StateValue,
} from "../recorder/frames.js";
import { Ring } from "./ring.js";

/** How much of the past the page keeps. */
export const KEPT_ENTRIES = 20_000;

/** The past, as far as it is kept. */
export class History {
  readonly entries: Ring<Entry>;
  /** The last event of each actor that has not ended, by reference. */
  readonly #latest = new Map<string, EventRecord>();
  #lastN = -1;

  constructor(capacity: number = KEPT_ENTRIES) {
    this.entries = new Ring(capacity);
  }

  /** Number of the newest record; -1: there was none. */
  get lastN(): number {
    return this.#lastN;
  }

  add(record: InspectRecord): void {
    // What was seen before comes again when the page connects anew.
    if (record.n <= this.#lastN) return;
    this.#lastN = record.n;
    const before = record.kind === "event" ? this.#latest.get(record.ref)?.state : undefined;
    this.entries.push({ kind: "record", n: record.n, at: record.at, record, before });
    if (record.kind !== "event") return;
    if (record.status === "active") this.#latest.set(record.ref, record);
    else this.#latest.delete(record.ref);
  }

  addGap(at: number, counts: Readonly<Record<string, number>>): void {
    if (Object.keys(counts).length > 0) this.entries.push({ kind: "gap", n: this.#lastN, at, counts });
  }

  /** Forgets everything: another worker's past begins. */
  clear(): void {
    this.entries.clear();
    this.#latest.clear();
    this.#lastN = -1;
  }

  /** The last event that an actor received; undefined: not known, or it has ended. */
  latestOf(ref: string): EventRecord | undefined {
    return this.#latest.get(ref);
  }

  /** Position of the last entry at or before a record; one before the first entry where there is none. O(log n). */
  positionOf(n: number): number {
    return this.#lastWhere((entry) => entry.n <= n);
  }

  /** Position of the last entry at or before a time; one before the first entry where there is none. O(log n). */
  positionAt(at: number): number {
    return this.#lastWhere((entry) => entry.at <= at);
  }

  /** The record of a number, with what came before it. */
  entryOf(n: number): RecordEntry | undefined {
    // Gaps bear the number of the record that they come after.
    for (let position = this.positionOf(n); position >= this.entries.start; position -= 1) {
      const entry = this.entries.at(position);
      if (entry === undefined || entry.n !== n) return undefined;
      if (entry.kind === "record") return entry;
    }
    return undefined;
  }

  /** An actor's last context at or before a record; undefined: not known. */
  contextOf(ref: string, n: number = Number.POSITIVE_INFINITY): SafeValue | undefined {
    for (let position = this.positionOf(n); position >= this.entries.start; position -= 1) {
      const record = eventOf(this.entries.at(position));
      if (record?.ref === ref && record.context !== undefined) return record.context;
    }
    return undefined;
  }

  /**
   * An actor's last events at or before a record that pass a test, the newest first. One pass over what is kept.
   *
   * @param most how many.
   */
  lastOf(
    ref: string,
    test: (record: EventRecord) => boolean,
    most: number,
    n: number = Number.POSITIVE_INFINITY,
  ): readonly EventRecord[] {
    const found: EventRecord[] = [];
    for (let position = this.positionOf(n); position >= this.entries.start; position -= 1) {
      const record = eventOf(this.entries.at(position));
      if (record?.ref === ref && test(record)) found.push(record);
      if (found.length === most || (record?.ref === ref && record.event === "xstate.init")) break;
    }
    return found;
  }

  /** All actors as they were after a record. One pass over what is kept. */
  pastAt(n: number): Past {
    const moments = new Map<string, MomentDraft>();
    const unborn = new Set<string>();
    const later = new Set<string>();
    const here = this.positionOf(n);
    for (let position = this.entries.end - 1; position > here; position -= 1) {
      const record = eventOf(this.entries.at(position));
      if (record === undefined) continue;
      later.add(record.ref);
      if (record.event === "xstate.init") unborn.add(record.ref);
    }
    for (let position = here; position >= this.entries.start; position -= 1) {
      const record = eventOf(this.entries.at(position));
      if (record !== undefined) addEarlier(moments, record);
    }
    const at = this.entries.at(here)?.at ?? this.entries.at(here + 1)?.at ?? 0;
    return { n, at, moments, unborn, later };
  }

  /** @param isBefore true for the entries up to some place, false from there on. */
  #lastWhere(isBefore: (entry: Entry) => boolean): number {
    let low = this.entries.start;
    let high = this.entries.end;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const entry = this.entries.at(middle);
      if (entry !== undefined && isBefore(entry)) low = middle + 1;
      else high = middle;
    }
    return low - 1;
  }
}

/** One thing in the order in which it happened: a record, or a place where some are missing. */
export type Entry = RecordEntry | GapEntry;

export interface RecordEntry {
  readonly kind: "record";
  readonly n: number;
  readonly at: number;
  readonly record: InspectRecord;
  /** Of an event: the state that the actor was in before; undefined: not known, or no machine. */
  readonly before: StateValue | undefined;
}

/** Events that were not recorded. */
export interface GapEntry {
  readonly kind: "gap";
  /** Number of the record before it. */
  readonly n: number;
  readonly at: number;
  /** How many, by the actor's reference; the empty reference: of an unknown actor. */
  readonly counts: Readonly<Record<string, number>>;
}

/** The entry's event; undefined: it is no event. */
export function eventOf(entry: Entry | undefined): EventRecord | undefined {
  return entry?.kind === "record" && entry.record.kind === "event" ? entry.record : undefined;
}

/** An actor's state at a record of the past. */
interface Moment {
  readonly state: StateValue | undefined;
  readonly status: ActorStatus;
  /** When it came into this state, as far as the records reach. */
  readonly since: number;
  readonly edges: readonly string[];
  /** Undefined: not known. */
  readonly context: SafeValue | undefined;
}

/** All actors at a record of the past. */
export interface Past {
  readonly n: number;
  readonly at: number;
  /** By reference. An actor in none of the three existed, but its state is older than the records. */
  readonly moments: ReadonlyMap<string, Moment>;
  /** References of actors that began later. */
  readonly unborn: ReadonlySet<string>;
  /** References of actors that took events later. */
  readonly later: ReadonlySet<string>;
}

/** A moment while it is put together, from the newest record backwards. */
type MomentDraft = { -readonly [Key in keyof Moment]: Moment[Key] } & {
  /** The state before this one has been seen, so that `since` is exact. */
  isSinceKnown: boolean;
};

/** Adds a record to the moment of its actor; it lies before all that were added. */
function addEarlier(drafts: Map<string, MomentDraft>, record: EventRecord): void {
  const { ref, state, status, edges, at, context } = record;
  const draft = drafts.get(ref);
  if (draft === undefined) {
    drafts.set(ref, { state, status, edges, since: at, context, isSinceKnown: false });
    return;
  }
  draft.context ??= context;
  if (draft.isSinceKnown) return;
  if (isSameState(draft.state, state)) draft.since = at;
  else draft.isSinceKnown = true;
}

/** The state that an actor was in. */
interface StateThen {
  /** Undefined: no machine. */
  readonly state: StateValue | undefined;
  readonly since: number;
}

/**
 * The state that an actor was in at a record of the past; undefined: it is not known, because it lies before the records
 * that are kept.
 *
 * @param row the actor as it is now, or was at its end.
 */
export function stateAt(row: ActorRow, past: Past): StateThen | undefined {
  // It has been in its last state since before then. At the moment of a change itself, the records decide.
  if (row.state === undefined || row.since < past.at) return row;
  return past.moments.get(row.ref);
}
