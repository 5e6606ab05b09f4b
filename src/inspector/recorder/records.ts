import type { WallClock } from "../../shared/wall-clock.js";
import type { ErrorRecord, EventRecord, InspectRecord, RequestRecord } from "./frames.js";
import { type Kept, Ring } from "./ring.js";

/** Errors that are kept. */
const MAX_ERRORS = 500;
/** Bytes of the records of each kind that are kept, about: a hello holds them all. */
const MAX_BYTES = 3 * 1024 * 1024;
/** Bytes of a record besides what it shows of values. */
const FRAME_BYTES = 200;

/** What a record is about: the worker itself, requests and sessions, or what went wrong. */
export type Concern = "lifecycle" | "traffic" | "error";

type Mutable<T> = { -readonly [Key in keyof T]: T[Key] };

/** A record without what it is given when it is kept. */
export type Unnumbered<T extends InspectRecord = InspectRecord> = Omit<T, "n" | "at">;

interface KeptRecord extends Kept {
  readonly record: InspectRecord;
}

/** The record of an event that is being taken: what becomes of it is filled in. */
export interface OpenRecord extends Kept {
  readonly record: Mutable<EventRecord>;
  readonly concern: Concern;
}

/**
 * The records that are kept, numbered in the order in which they came. Those of each concern are kept apart: requests and
 * errors, of which there may be many, cannot push the worker's own past out.
 */
export class Records {
  readonly #clock: WallClock;
  readonly #rings: Readonly<Record<Concern, Ring<KeptRecord>>>;
  #n = 0;

  /** @param size how many are kept of the lifecycle, and as many again of requests and sessions. */
  constructor(size: number, clock: WallClock) {
    this.#clock = clock;
    this.#rings = {
      lifecycle: new Ring(size, MAX_BYTES),
      traffic: new Ring(size, MAX_BYTES),
      error: new Ring(Math.min(size, MAX_ERRORS), MAX_BYTES),
    };
  }

  /** Number of the last record. */
  get last(): number {
    return this.#n;
  }

  /** What is kept of the records with a larger number, oldest first. */
  after(n: number): readonly InspectRecord[] {
    const found = Object.values(this.#rings)
      .map((ring) => ring.after(n))
      .filter((records) => records.length > 0);
    const [only = [], ...others] = found;
    const all = others.length === 0 ? only : found.flat().sort((one, other) => one.n - other.n);
    return all.map(({ record }) => record);
  }

  /** @param size bytes of what it shows of values, about. */
  open(concern: Concern, parts: Unnumbered<EventRecord>, size: number): OpenRecord {
    const record = { ...parts, ...this.#number() };
    const open = { n: record.n, record, concern, size: size + FRAME_BYTES };
    this.#rings[concern].push(open);
    return open;
  }

  /** An open record shows so many bytes more. */
  grow(open: OpenRecord, bytes: number): void {
    this.#rings[open.concern].grow(open, bytes);
  }

  request(parts: Unnumbered<RequestRecord>): void {
    this.#keep("traffic", { ...parts, ...this.#number() }, 0);
  }

  error(parts: Unnumbered<ErrorRecord>): void {
    const texts = parts.causes.flatMap(({ message, stack = "" }) => [message, stack]);
    this.#keep("error", { ...parts, ...this.#number() }, [parts.message, ...texts].join("").length);
  }

  #number(): { readonly n: number; readonly at: number } {
    return { n: ++this.#n, at: this.#clock.now() };
  }

  #keep(concern: Concern, record: InspectRecord, size: number): void {
    this.#rings[concern].push({ n: record.n, record, size: size + FRAME_BYTES });
  }
}
