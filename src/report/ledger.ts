import type { Outcome } from "../../machines/events.js";
import type { EndedRequest, EndedStatus } from "../wire.js";

/** A request as the books know it, from its arrival to its end. */
export interface Entry {
  readonly requestIdx: number;
  readonly reqnum: number;
  /** Cost in units. */
  readonly workload: number;
  /** Epoch milliseconds. */
  readonly arrivedAt: number;
  /** Epoch milliseconds of the start of its work; 0 while it waits. */
  startedAt: number;
}

/** The counts of one status report. What was told is taken off by `statusDelivered`. */
export interface StatusCounts {
  readonly curLoad: number;
  readonly newLoad: number;
  readonly rejLoad: number;
  readonly curPerf: number;
  readonly working: number;
  readonly received: number;
  readonly requestIdxs: readonly number[];
}

/** Ended requests kept for an engine that cannot be reached: some 15 MB. */
const ENDED_LIMIT = 100_000;
/** Distinct request numbers kept for the same reason; beyond it each request counts as a new one. */
const REQNUM_LIMIT = 100_000;

const STATUS: Readonly<Record<Outcome, EndedStatus>> = {
  success: "Success",
  error: "Error",
  cancelled: "Cancelled",
  rejected: "Rejected",
};

/**
 * The worker's books: what it received, rejected, served, and what has ended, until the engine was told.
 * O(1) per request; a report costs as much as it tells.
 *
 * Invariant: each request is entered once by `receive` and ended once by `end`, or rejected once by `reject`.
 * Counts only ever leave by a delivery, so the sums over all delivered reports are exact.
 */
export class Ledger {
  readonly #onChange: { status: () => void; ended: () => void };
  readonly #open = new Set<Entry>();
  readonly #reqnums = new Set<number>();
  readonly #ended: EndedRequest[] = [];
  #reqnumsBeyond = 0;
  #openLoad = 0;
  #newLoad = 0;
  #rejLoad = 0;
  #curPerf = 0;
  #dropped = 0;
  #statusChanged = false;
  #endedChanged = false;

  /** @param onChange is called at the first change after a report was composed, not at each. */
  constructor(onChange: { status: () => void; ended: () => void }) {
    this.#onChange = onChange;
  }

  /** Workload of all requests waiting or running. */
  get openLoad(): number {
    return this.#openLoad;
  }

  /** Number of ended requests that were dropped since the last call because nobody could be told. */
  takeDropped(): number {
    const dropped = this.#dropped;
    this.#dropped = 0;
    return dropped;
  }

  /** A request was admitted. */
  receive(entry: Entry): void {
    this.#open.add(entry);
    this.#openLoad += entry.workload;
    this.#newLoad += entry.workload;
    this.#countReqnum(entry.reqnum);
    this.#changed();
  }

  /** A request was refused without being admitted. */
  reject(entry: Entry): void {
    this.#rejLoad += entry.workload;
    this.#countReqnum(entry.reqnum);
    this.#keep(entry, "rejected", 0);
    this.#changed();
  }

  /** An admitted request ended. */
  end(entry: Entry, outcome: Exclude<Outcome, "rejected">, at: number): void {
    if (!this.#open.delete(entry)) throw new Error(`request ${entry.requestIdx} is not open and cannot end`);
    // Sums of fractions leave a residue behind; with nothing open the load is nothing.
    this.#openLoad = this.#open.size === 0 ? 0 : this.#openLoad - entry.workload;
    if (outcome === "success") this.#curPerf += entry.workload;
    if (outcome === "cancelled") this.#newLoad -= entry.workload;
    this.#keep(entry, outcome, outcome === "cancelled" ? 0 : at);
    this.#changed();
  }

  /** What a status report tells now. */
  status(): StatusCounts {
    this.#statusChanged = false;
    return {
      curLoad: this.#openLoad,
      // Never negative: what was cancelled beyond it is taken off the next report.
      newLoad: Math.max(0, this.#newLoad),
      rejLoad: this.#rejLoad,
      curPerf: this.#curPerf,
      working: this.#open.size,
      received: this.#reqnums.size + this.#reqnumsBeyond,
      requestIdxs: Array.from(this.#open, ({ requestIdx }) => requestIdx),
    };
  }

  /** The engine took this report: its counts are told and leave the books. */
  statusDelivered(told: StatusCounts): void {
    this.#newLoad -= told.newLoad;
    this.#rejLoad -= told.rejLoad;
    this.#curPerf -= told.curPerf;
    let beyond = told.received;
    for (const reqnum of this.#reqnums) {
      if (beyond === 0) break;
      this.#reqnums.delete(reqnum);
      beyond--;
    }
    this.#reqnumsBeyond -= beyond;
  }

  /** The oldest ended requests that the engine was not told of, at most `most`. */
  ended(most: number): readonly EndedRequest[] {
    this.#endedChanged = false;
    return this.#ended.slice(0, most);
  }

  /** The engine took these. */
  endedDelivered(told: readonly EndedRequest[]): void {
    // Some of them may have been dropped while they were under way.
    const last = told.at(-1);
    const index = last === undefined ? -1 : this.#ended.indexOf(last);
    this.#ended.splice(0, index + 1);
  }

  /** Whether there are ended requests that the engine was not told of. */
  get hasEnded(): boolean {
    return this.#ended.length > 0;
  }

  #countReqnum(reqnum: number): void {
    if (this.#reqnums.size < REQNUM_LIMIT) this.#reqnums.add(reqnum);
    else if (!this.#reqnums.has(reqnum)) this.#reqnumsBeyond++;
  }

  #keep(entry: Entry, outcome: Outcome, completedAt: number): void {
    this.#ended.push({
      request_idx: entry.requestIdx,
      success: outcome === "success" || outcome === "cancelled",
      status: STATUS[outcome],
      entered_queue_at: outcome === "rejected" ? 0 : entry.arrivedAt / 1000,
      work_started_at: entry.startedAt / 1000,
      work_completed_at: completedAt / 1000,
    });
    if (this.#ended.length > ENDED_LIMIT) {
      // In bulk, because taking one off the front of a long array costs its length.
      const surplus = ENDED_LIMIT / 100;
      this.#ended.splice(0, surplus);
      this.#dropped += surplus;
    }
    if (!this.#endedChanged) {
      this.#endedChanged = true;
      this.#onChange.ended();
    }
  }

  #changed(): void {
    if (this.#statusChanged) return;
    this.#statusChanged = true;
    this.#onChange.status();
  }
}
