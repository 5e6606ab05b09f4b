import type { Outcome } from "../../../machines/events.js";
import { type WallClock, wallClock } from "../../shared/wall-clock.js";
import { DEFAULT_WORKLOAD } from "../config/workload.js";
import { DistinctNumbers } from "./distinct-numbers.js";
import { EndedBacklog, type EndedSlice } from "./ended-backlog.js";

/**
 * - `request`: a request of its own.
 * - `session`: a session's reservation of a place, which counts with the session's cost.
 * - `in-session`: a request inside a session. It counts as workload received, served and rejected, but it adds
 *   nothing to the load, whose place its session holds, and its index is not reported to the engine.
 */
export type EntryKind = "request" | "session" | "in-session";

/** A request, or a session, as the ledger has it from its arrival to its end. */
export class Entry {
  readonly kind: EntryKind;
  readonly requestIdx: number;
  readonly reqnum: number;
  /** Cost in units. */
  readonly workload: number;
  /** Milliseconds of `performance.now()`. */
  readonly arrivedAt: number;
  /** The start of its work, on the same clock; 0 while it waits. */
  startedAt = 0;
  /** The ledger's own: the neighbours in its list of open entries. The entry itself while it is in none. */
  before: Entry = this;
  behind: Entry = this;

  constructor(kind: EntryKind, requestIdx: number, reqnum: number, workload: number, arrivedAt: number) {
    this.kind = kind;
    this.requestIdx = requestIdx;
    this.reqnum = reqnum;
    this.workload = workload;
    this.arrivedAt = arrivedAt;
  }
}

/** The counts of one status report; `statusDelivered` subtracts them. */
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

/** Distinct request numbers kept for an engine that cannot be reached; beyond it each request counts as a new one. */
const REQNUM_LIMIT = 100_000;

/**
 * The worker's accounting: workload received, rejected and served, and ended requests, until they are reported to the engine.
 * "Request" means a session too, which is counted like one until it ends.
 * O(1) per request; a report costs time in proportion to its content.
 *
 * Invariant: each request is entered once by `receive` and ended once by `end`, or rejected once by `reject`.
 * Counts only ever leave by a delivery, so the sums over all delivered reports are exact.
 */
export class Ledger {
  readonly #onChange: { status: () => void; ended: () => void } | undefined;
  readonly #clock: Pick<WallClock, "adjust" | "at">;
  /** Head of the list of open requests and sessions, the oldest behind it. */
  readonly #open = new Entry("request", 0, 0, 0, 0);
  /** The same for requests inside sessions. */
  readonly #openInSession = new Entry("in-session", 0, 0, 0, 0);
  readonly #reqnums = new DistinctNumbers();
  readonly #ended = new EndedBacklog();
  #reqnumsBeyond = 0;
  #openRequests = 0;
  #openSessions = 0;
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
  #statusChanged = false;
  #endedChanged = false;

  /**
   * @param onChange is called at the first change after a report was composed, not at each. Undefined without an engine: nothing
   * is kept for reports.
   * @param clock gives the time of day of a moment of `performance.now()`, in milliseconds.
   */
  constructor(
    onChange: { status: () => void; ended: () => void } | undefined,
    clock: Pick<WallClock, "adjust" | "at"> = wallClock,
  ) {
    this.#onChange = onChange;
    this.#clock = clock;
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

  /** Number of ended requests dropped since the last call because no report was accepted. */
  takeDropped(): number {
    return this.#ended.takeDropped();
  }

  /** A request was admitted. */
  receive(entry: Entry): void {
    const { kind, workload } = entry;
    this.#newLoad += workload;
    this.#totalReceived += workload;
    if (kind === "in-session") link(entry, this.#openInSession);
    else {
      link(entry, this.#open);
      if (kind === "session") {
        this.#openSessions++;
        this.#sessionLoad += workload;
      } else {
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

  /**
   * A request that the engine did not sign was refused. None of its values count: its workload is the default one, and
   * neither its index nor its number is reported.
   */
  rejectUnverified(): void {
    this.#rejLoad += DEFAULT_WORKLOAD;
    this.#totalRejected += DEFAULT_WORKLOAD;
    this.#changed();
  }

  /** An admitted request ended. @param at on the clock of its entry. */
  end(entry: Entry, outcome: Exclude<Outcome, "rejected">, at: number): void {
    if (entry.behind === entry) throw new Error(`request ${entry.requestIdx} is not open and cannot end`);
    unlink(entry);
    this.#countEnd(entry.workload, outcome);
    if (entry.kind !== "in-session") {
      this.#takeLoad(entry);
      this.#keep(entry, outcome, outcome === "cancelled" ? 0 : at);
    }
    this.#changed();
  }

  /** Counts for a status report now. */
  status(): StatusCounts {
    this.#statusChanged = false;
    return {
      curLoad: this.openLoad,
      // Never negative: what was cancelled beyond it is taken off the next report.
      newLoad: Math.max(0, this.#newLoad),
      rejLoad: this.#rejLoad,
      curPerf: this.#curPerf,
      working: this.#openRequests + this.#openSessions,
      received: this.#reqnums.size + this.#reqnumsBeyond,
      requestIdxs: this.#openIdxs(),
    };
  }

  /** The engine accepted this report: its counts are subtracted. */
  statusDelivered(reported: StatusCounts): void {
    this.#newLoad -= reported.newLoad;
    this.#rejLoad -= reported.rejLoad;
    this.#curPerf -= reported.curPerf;
    this.#reqnumsBeyond -= Math.max(0, reported.received - this.#reqnums.size);
    this.#reqnums.removeFirst(reported.received);
  }

  /** The oldest ended requests that were not reported, at most `most`. */
  ended(most: number): EndedSlice {
    this.#endedChanged = false;
    return this.#ended.slice(most);
  }

  /** The engine took these. */
  endedDelivered(reported: EndedSlice): void {
    this.#ended.remove(reported);
  }

  /** Number of ended requests that were not reported. */
  get undelivered(): number {
    return this.#ended.size;
  }

  /** Whether there are ended requests that were not reported. */
  get hasEnded(): boolean {
    return this.#ended.size > 0;
  }

  #openIdxs(): readonly number[] {
    // Not of a length given before: `JSON.stringify` is several times as fast for an array without holes.
    const indexes: number[] = [];
    for (let entry = this.#open.behind; entry !== this.#open; entry = entry.behind)
      indexes.push(entry.requestIdx);
    return indexes;
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
      this.#openSessions--;
      this.#sessionLoad = this.#openSessions === 0 ? 0 : this.#sessionLoad - workload;
    } else {
      this.#openRequests--;
      this.#requestLoad = this.#openRequests === 0 ? 0 : this.#requestLoad - workload;
    }
  }

  #countReqnum(reqnum: number): void {
    if (this.#onChange === undefined) return;
    if (this.#reqnums.size < REQNUM_LIMIT) this.#reqnums.add(reqnum);
    else if (!this.#reqnums.has(reqnum)) this.#reqnumsBeyond++;
  }

  #keep(entry: Entry, outcome: Outcome, completedAt: number): void {
    if (this.#onChange === undefined) return;
    this.#clock.adjust();
    this.#ended.add(
      entry.requestIdx,
      outcome,
      this.#clock.at(entry.arrivedAt),
      entry.startedAt === 0 ? 0 : this.#clock.at(entry.startedAt),
      completedAt === 0 ? 0 : this.#clock.at(completedAt),
    );
    if (!this.#endedChanged) {
      this.#endedChanged = true;
      this.#onChange.ended();
    }
  }

  #changed(): void {
    if (this.#statusChanged) return;
    this.#statusChanged = true;
    this.#onChange?.status();
  }
}

/** Puts an entry at the end of a list. */
function link(entry: Entry, list: Entry): void {
  entry.before = list.before;
  entry.behind = list;
  list.before.behind = entry;
  list.before = entry;
}

/** Takes an entry out of its list. */
function unlink(entry: Entry): void {
  entry.before.behind = entry.behind;
  entry.behind.before = entry.before;
  entry.before = entry;
  entry.behind = entry;
}
