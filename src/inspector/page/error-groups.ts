import type { ErrorRecord } from "../recorder/frames.js";

/** Errors that are equal: of one level, message and actor. */
export interface ErrorGroup {
  readonly key: string;
  /** The newest of them. */
  readonly last: ErrorRecord;
  readonly count: number;
  readonly firstAt: number;
}

/** How many groups are kept; the one that was silent for longest goes first. */
const KEPT_GROUPS = 500;

/** All errors of the worker, equal ones together. They outlive the other records. */
export class ErrorGroups {
  readonly #groups = new Map<string, ErrorGroup>();
  #total = 0;

  /** How many errors there were. */
  get total(): number {
    return this.#total;
  }

  add(record: ErrorRecord): void {
    const key = JSON.stringify([record.level, record.message, record.actor]);
    const known = this.#groups.get(key);
    this.#total += 1;
    // Taken out and put in again, the group is the last of the map.
    this.#groups.delete(key);
    this.#groups.set(key, {
      key,
      last: record,
      count: (known?.count ?? 0) + 1,
      firstAt: known?.firstAt ?? record.at,
    });
    const [oldest] = this.#groups.size > KEPT_GROUPS ? this.#groups.keys() : [];
    if (oldest !== undefined) this.#groups.delete(oldest);
  }

  /** The newest first. */
  newest(): readonly ErrorGroup[] {
    return [...this.#groups.values()].reverse();
  }

  clear(): void {
    this.#groups.clear();
    this.#total = 0;
  }
}
