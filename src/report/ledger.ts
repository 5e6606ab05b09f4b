import type { Outcome } from "../../machines/events.js";
import { wallClock } from "../wall-clock.js";
import type { EndedRequest, EndedStatus } from "../wire.js";

/** A request, or a session, as the books know it from its arrival to its end. */
export interface Entry {
  /**
   * - `request`: a request of its own.
   * - `session`: a session's reservation of a place, for which the session's cost stands.
   * - `in-session`: a request inside a session. It counts as workload received, served and rejected, but it adds
   *   nothing to the load, whose place its session holds, and the engine is not told of it by its index.
   */
  readonly kind: "request" | "session" | "in-session";
  readonly requestIdx: number;
  readonly reqnum: number;
  /** Cost in units. */
  readonly workload: number;
  /** Milliseconds of `performance.now()`. */
  readonly arrivedAt: number;
  /** The start of its work, on the same clock; 0 while it waits. */
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

/** Workload since the start; it never gets less. */
export interface LedgerTotals {
  /** Admitted, whatever became of it. */
  readonly received: number;
  /** Refused without being admitted. */
  readonly rejected: number;
  /** Admitted, and ended as a success. */
  readonly served: number;
  /** Admitted, and given up by the client. */
  readonly cancelled: number;
  /** Admitted, and ended as an error. */
  readonly errored: number;
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
 * "Request" means a session too, which is counted like one until it ends.
 * O(1) per request; a report costs as much as it tells.
 *
 * Invariant: each request is entered once by `receive` and ended once by `end`, or rejected once by `reject`.
 * Counts only ever leave by a delivery, so the sums over all delivered reports are exact.
 */
export class Ledger {
  readonly #onChange: { status: () => void; ended: () => void };
  readonly #epochSecondsAt: (moment: number) => number;
  /** Requests and sessions. */
  readonly #open = new Set<Entry>();
  readonly #openInSession = new Set<Entry>();
  readonly #reqnums = new Set<number>();
  readonly #ended: EndedRequest[] = [];
  #reqnumsBeyond = 0;
  /** Number of those in `#open` that are of kind `request`. */
  #openRequests = 0;
  #requestLoad = 0;
  #sessionLoad = 0;
  #newLoad = 0;
  #rejLoad = 0;
  #curPerf = 0;
  #totalReceived = 0;
  #totalRejected = 0;
  #totalServed = 0;
  #totalCancelled = 0;
  #totalErrored = 0;
  #dropped = 0;
  #statusChanged = false;
  #endedChanged = false;

  /**
   * @param onChange is called at the first change after a report was composed, not at each.
   * @param epochSecondsAt the time of day of a moment of `performance.now()`, as reports have it.
   */
  constructor(
    onChange: { status: () => void; ended: () => void },
    epochSecondsAt: (moment: number) => number = (moment) => wallClock.secondsAt(moment),
  ) {
    this.#onChange = onChange;
    this.#epochSecondsAt = epochSecondsAt;
  }

  /** Workload of the requests waiting or running and of the session reservations: the load that is reported. */
  get openLoad(): number {
    return this.#requestLoad + this.#sessionLoad;
  }

  /**
   * Workload that is ahead of a new request: of the requests waiting or running, without session reservations and
   * what happens inside sessions. Divided by the capacity it is the time to wait.
   */
  get loadAhead(): number {
    return this.#requestLoad;
  }

  /** All workload since the start, of every kind. */
  get totals(): LedgerTotals {
    return {
      received: this.#totalReceived,
      rejected: this.#totalRejected,
      served: this.#totalServed,
      cancelled: this.#totalCancelled,
      errored: this.#totalErrored,
    };
  }

  /** Number of ended requests that were dropped since the last call because nobody could be told. */
  takeDropped(): number {
    const dropped = this.#dropped;
    this.#dropped = 0;
    return dropped;
  }

  /** A request was admitted. */
  receive(entry: Entry): void {
    const { kind, workload } = entry;
    this.#newLoad += workload;
    this.#totalReceived += workload;
    if (kind === "in-session") this.#openInSession.add(entry);
    else {
      this.#open.add(entry);
      if (kind === "session") this.#sessionLoad += workload;
      else {
        this.#openRequests++;
        this.#requestLoad += workload;
      }
      this.#countReqnum(entry.reqnum);
    }
    this.#changed();
  }

  /** A request was refused without being admitted. */
  reject(entry: Entry): void {
    this.#rejLoad += entry.workload;
    this.#totalRejected += entry.workload;
    if (entry.kind !== "in-session") {
      this.#countReqnum(entry.reqnum);
      this.#keep(entry, "rejected", 0);
    }
    this.#changed();
  }

  /** An admitted request ended. @param at on the clock of its entry. */
  end(entry: Entry, outcome: Exclude<Outcome, "rejected">, at: number): void {
    const isInSession = entry.kind === "in-session";
    const open = isInSession ? this.#openInSession : this.#open;
    if (!open.delete(entry)) throw new Error(`request ${entry.requestIdx} is not open and cannot end`);
    this.#countEnd(entry.workload, outcome);
    if (!isInSession) {
      this.#takeLoad(entry);
      this.#keep(entry, outcome, outcome === "cancelled" ? 0 : at);
    }
    this.#changed();
  }

  /** What a status report tells now. */
  status(): StatusCounts {
    this.#statusChanged = false;
    return {
      curLoad: this.openLoad,
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

  /** Number of ended requests that the engine was not told of. */
  get undelivered(): number {
    return this.#ended.length;
  }

  /** Whether there are ended requests that the engine was not told of. */
  get hasEnded(): boolean {
    return this.#ended.length > 0;
  }

  #countEnd(workload: number, outcome: Exclude<Outcome, "rejected">): void {
    switch (outcome) {
      case "success":
        this.#curPerf += workload;
        this.#totalServed += workload;
        break;
      case "cancelled":
        this.#newLoad -= workload;
        this.#totalCancelled += workload;
        break;
      case "error":
        this.#totalErrored += workload;
    }
  }

  /** Sums of fractions leave a residue behind; with none of its kind open, a load is nothing. */
  #takeLoad({ kind, workload }: Entry): void {
    if (kind === "session") {
      const isLast = this.#open.size === this.#openRequests;
      this.#sessionLoad = isLast ? 0 : this.#sessionLoad - workload;
    } else {
      this.#openRequests--;
      this.#requestLoad = this.#openRequests === 0 ? 0 : this.#requestLoad - workload;
    }
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
      entered_queue_at: outcome === "rejected" ? 0 : this.#epochSecondsAt(entry.arrivedAt),
      work_started_at: entry.startedAt === 0 ? 0 : this.#epochSecondsAt(entry.startedAt),
      work_completed_at: completedAt === 0 ? 0 : this.#epochSecondsAt(completedAt),
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
