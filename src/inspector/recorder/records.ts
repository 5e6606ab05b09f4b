import type { WallClock } from "../../shared/wall-clock.js";
import type { ErrorRecord, EventRecord, InspectRecord, RequestRecord } from "./frames.js";

/** Errors that are kept. */
const MAX_ERRORS = 500;
/** Bytes of the records of each kind that are kept, about: a hello holds them all. */
const MAX_BYTES = 3 * 1024 * 1024;
/** Bytes of a record without its values. */
const FRAME_BYTES = 200;

/** The subject of a record: the worker itself, requests and sessions, or an error. */
type Concern = "lifecycle" | "traffic" | "error";

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

  /** The kept records with a larger number, oldest first. */
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

/** An item of a ring: numbers grow from one to the next. */
export interface Kept {
  readonly n: number;
  /** About how many bytes it takes. */
  size: number;
}

/** Keeps the last so many of what it is given, and no more than so many bytes of it. */
export class Ring<T extends Kept> {
  readonly #capacity: number;
  readonly #maxBytes: number;
  readonly #items: (T | undefined)[] = [];
  #start = 0;
  #count = 0;
  #bytes = 0;

  /** @param capacity integer of at least 1. */
  constructor(capacity: number, maxBytes: number) {
    this.#capacity = capacity;
    this.#maxBytes = maxBytes;
  }

  push(item: T): void {
    if (this.#count === this.#capacity) this.#drop();
    this.#items[(this.#start + this.#count) % this.#capacity] = item;
    this.#count++;
    this.#bytes += item.size;
    this.#shrink();
  }

  /** Adds to an item's size; one that is not kept any more is ignored. */
  grow(item: T, bytes: number): void {
    if (item.n < (this.#items[this.#start]?.n ?? Number.POSITIVE_INFINITY)) return;
    item.size += bytes;
    this.#bytes += bytes;
    this.#shrink();
  }

  /** Those with a larger number, oldest first. Costs as much as they are. */
  after(n: number): T[] {
    const found: T[] = [];
    for (let index = this.#count - 1; index >= 0; index--) {
      const item = this.#items[(this.#start + index) % this.#capacity];
      if (item === undefined || item.n <= n) break;
      found.push(item);
    }
    return found.reverse();
  }

  #shrink(): void {
    while (this.#bytes > this.#maxBytes && this.#count > 1) this.#drop();
  }

  #drop(): void {
    const oldest = this.#items[this.#start];
    this.#items[this.#start] = undefined;
    this.#start = (this.#start + 1) % this.#capacity;
    this.#count--;
    this.#bytes -= oldest?.size ?? 0;
  }
}
