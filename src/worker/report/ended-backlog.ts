import type { Outcome } from "../../../machines/events.js";
import { RECORD_LENGTH, writeRecord } from "./ended-record.js";

/** Ended requests kept for an engine that cannot be reached: some 16 MB. */
const SERVED_LIMIT = 100_000;
/** Rejected requests kept for the same reason. Their own limit: a flood of them displaces no request that was served. */
const REJECTED_LIMIT = 10_000;

/** Records in one chunk, which takes 27 KB: larger blocks of memory are much slower to get. */
const CHUNK = 128;

/** The oldest ended requests: their JSON, and which they are. */
export interface EndedSlice {
  readonly count: number;
  /** The records with commas between them, in pieces: at most 220 bytes each. */
  readonly json: readonly Buffer[];
  /** Numbers of the first ones and of the first ones that are not in it. */
  readonly served: readonly [from: number, to: number];
  readonly rejected: readonly [from: number, to: number];
}

/**
 * Ended requests that were not reported yet, in the order in which they ended, each as the JSON of its report. Where
 * there are too many, the oldest of their kind are dropped. O(1) per request.
 */
export class EndedBacklog {
  readonly #served = new Records(SERVED_LIMIT);
  readonly #rejected = new Records(REJECTED_LIMIT);
  #ends = 0;

  get size(): number {
    return this.#served.size + this.#rejected.size;
  }

  /** Number of ended requests that were dropped since the last call, without those that a delivered report held. */
  takeDropped(): number {
    return this.#served.takeDropped() + this.#rejected.takeDropped();
  }

  /** Times are epoch milliseconds, 0 for what never happened. */
  add(requestIdx: number, outcome: Outcome, enteredAt: number, startedAt: number, completedAt: number): void {
    const records = outcome === "rejected" ? this.#rejected : this.#served;
    if (records.isFull) records.drop();
    records.add(this.#ends++, requestIdx, outcome, enteredAt, startedAt, completedAt);
  }

  /** The oldest, at most `most`. */
  slice(most: number): EndedSlice {
    const parts: Buffer[] = [];
    const count = Math.min(most, this.size);
    let [served, rejected] = [this.#served.first, this.#rejected.first];
    for (let left = count; left > 0; ) {
      const [nextServed, nextRejected] = [this.#served.orderOf(served), this.#rejected.orderOf(rejected)];
      if (nextServed < nextRejected) {
        const to = this.#served.runOf(served, left, nextRejected);
        this.#served.copy(served, to, parts);
        left -= to - served;
        served = to;
      } else {
        const to = this.#rejected.runOf(rejected, left, nextServed);
        this.#rejected.copy(rejected, to, parts);
        left -= to - rejected;
        rejected = to;
      }
    }
    // Without the comma before the first record.
    const [first, ...others] = parts;
    return {
      count,
      json: first === undefined ? [] : [first.subarray(1), ...others],
      served: [this.#served.first, served],
      rejected: [this.#rejected.first, rejected],
    };
  }

  /** The engine has these: they are taken off. Those among them that were dropped meanwhile were not lost. */
  remove({ served, rejected }: EndedSlice): void {
    this.#served.remove(...served);
    this.#rejected.remove(...rejected);
  }
}

interface Chunk {
  /** Written once, and not used again when it is released: a report that is being sent may hold a part of it. */
  readonly bytes: Buffer;
  /** End of each record in the bytes. */
  readonly ends: Uint32Array;
  /** Place of each record among all that ended. */
  readonly orders: Float64Array;
}

const newChunk = (): Chunk => ({
  bytes: Buffer.allocUnsafeSlow(CHUNK * RECORD_LENGTH),
  ends: new Uint32Array(CHUNK),
  orders: new Float64Array(CHUNK),
});

/**
 * Records of one kind, numbered in the order in which they came. Record `n` is in chunk `n / CHUNK`; chunks in front of
 * the first record are released.
 */
class Records {
  readonly #limit: number;
  readonly #chunks: Chunk[] = [];
  /** Chunks released since the start. */
  #released = 0;
  #first = 0;
  #next = 0;
  #dropped = 0;
  /** The records from this one to the first were dropped since `takeDropped`. */
  #droppedFrom = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Number of the oldest record. */
  get first(): number {
    return this.#first;
  }

  get size(): number {
    return this.#next - this.#first;
  }

  get isFull(): boolean {
    return this.size === this.#limit;
  }

  add(
    order: number,
    requestIdx: number,
    outcome: Outcome,
    enteredAt: number,
    startedAt: number,
    completedAt: number,
  ): void {
    const place = this.#next % CHUNK;
    const chunk = this.#chunkOf(this.#next) ?? this.#addChunk();
    const start = startOf(chunk, place);
    chunk.ends[place] = writeRecord(
      chunk.bytes,
      start,
      requestIdx,
      outcome,
      enteredAt,
      startedAt,
      completedAt,
    );
    chunk.orders[place] = order;
    this.#next++;
  }

  /** Place among all that ended; infinite where there is no such record. */
  orderOf(number: number): number {
    return number < this.#next
      ? (this.#chunkOf(number)?.orders[number % CHUNK] ?? Number.POSITIVE_INFINITY)
      : Number.POSITIVE_INFINITY;
  }

  /** End of the run of records from `from` that are at most `most` and come before `order`. */
  runOf(from: number, most: number, order: number): number {
    const end = Math.min(this.#next, from + most);
    if (order === Number.POSITIVE_INFINITY) return end;
    let to = from;
    while (to < end && this.orderOf(to) < order) to++;
    return to;
  }

  /** Adds the bytes of the records to `parts`. */
  copy(from: number, to: number, parts: Buffer[]): void {
    for (let number = from; number < to; ) {
      const chunk = this.#chunkOf(number);
      if (chunk === undefined) return;
      const place = number % CHUNK;
      const end = Math.min(CHUNK, place + to - number);
      parts.push(chunk.bytes.subarray(startOf(chunk, place), startOf(chunk, end)));
      number += end - place;
    }
  }

  /** The oldest record is lost. */
  drop(): void {
    this.#dropped++;
    this.#advance(this.#first + 1);
  }

  /** Number of records dropped since the last call. */
  takeDropped(): number {
    const dropped = this.#dropped;
    this.#dropped = 0;
    this.#droppedFrom = this.#first;
    return dropped;
  }

  /** Takes off the records from `from` to `to`, which are the oldest: none of them was lost. */
  remove(from: number, to: number): void {
    this.#dropped -= Math.max(0, Math.min(this.#first, to) - Math.max(from, this.#droppedFrom));
    this.#droppedFrom = Math.max(this.#droppedFrom, to);
    this.#advance(Math.max(this.#first, to));
  }

  #advance(first: number): void {
    this.#first = first;
    const released = Math.floor(first / CHUNK);
    for (; this.#released < released; this.#released++) this.#chunks.shift();
  }

  #chunkOf(number: number): Chunk | undefined {
    return this.#chunks[Math.floor(number / CHUNK) - this.#released];
  }

  #addChunk(): Chunk {
    const chunk = newChunk();
    this.#chunks.push(chunk);
    return chunk;
  }
}

/** Start of the record at a place of its chunk, which is the end of the one before. */
const startOf = ({ ends }: Chunk, place: number): number => (place === 0 ? 0 : (ends[place - 1] ?? 0));
