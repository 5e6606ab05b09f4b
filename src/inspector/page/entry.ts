import type { EventRecord, InspectRecord, StateValue } from "../recorder/frames.js";

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
  /** How many, by the actor's reference; the empty reference: of whom is not known. */
  readonly counts: Readonly<Record<string, number>>;
}

/** The event that an entry tells of; undefined: something else. */
export function eventOf(entry: Entry | undefined): EventRecord | undefined {
  return entry?.kind === "record" && entry.record.kind === "event" ? entry.record : undefined;
}
