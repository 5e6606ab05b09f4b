import type { EndedReport, EndedRequest, EndedStatus, WorkerStatus } from "../../shared/wire.js";
import { BoundedList } from "../bounded-list.js";

/** A status report as the engine recorded it. */
export interface RecordedReport extends WorkerStatus {
  /** Epoch seconds. */
  readonly receivedAt: number;
}

/** An ended request as the engine recorded it. */
export interface RecordedEnd extends EndedRequest {
  readonly worker_id: number;
  /** Epoch seconds. */
  readonly receivedAt: number;
}

/** Sums over all records, whatever the length of the lists. */
export interface Totals {
  /** Number of status reports. */
  readonly reports: number;
  /** Sum of `new_load`: workload received and not cancelled. */
  readonly newLoad: number;
  /** Sum of `rej_load`: workload rejected. */
  readonly rejectedLoad: number;
  /** Sum of `cur_perf`: workload served. */
  readonly servedLoad: number;
  /** Sum of `num_requests_recieved`. */
  readonly requestsReceived: number;
  /**
   * The newest `loadtime`s other than 0, in seconds, in the order in which they came: one per start of a worker;
   * `history` at most.
   */
  readonly loadTimes: readonly number[];
  /** Number of entries of ended requests, by status. */
  readonly ended: Readonly<Record<EndedStatus, number>>;
  /**
   * Number of ends reported for each of the newest million `request_idx`; more than one is a duplicate.
   */
  readonly endedTimes: ReadonlyMap<number, number>;
  /** Number of different requests for a route. A request that asks again is counted once. */
  readonly requested: number;
  /** Sum of the costs of those. */
  readonly requestedLoad: number;
}

/** Limit on the size of the kept reports, in bytes. */
const MAX_BYTES = 32 * 1024 * 1024;

/** Approximate size of a report in memory, in bytes. */
export const weightOf = ({ error_msg, url, version, mtoken, working_request_idxs }: WorkerStatus): number =>
  300 +
  2 * (error_msg.length + url.length + version.length + mtoken.length) +
  8 * working_request_idxs.length;

/** Requests that are checked for duplicate ends: about 50 MB. */
const COUNTED_ENDS = 1_000_000;

/** The newest reports and ends of requests, and the sums over all. */
export class Ledger {
  readonly #reports: BoundedList<RecordedReport>;
  readonly #ended: BoundedList<RecordedEnd>;
  readonly #loadTimes: BoundedList<number>;
  readonly #endedTimes = new Map<number, number>();
  readonly #sums = { reports: 0, newLoad: 0, rejectedLoad: 0, servedLoad: 0, requestsReceived: 0 };
  readonly #endedByStatus: Record<EndedStatus, number> = { Success: 0, Error: 0, Cancelled: 0, Rejected: 0 };
  readonly #requested = { requested: 0, requestedLoad: 0 };

  constructor(history: number) {
    this.#reports = new BoundedList<RecordedReport>(history, { weightOf, most: MAX_BYTES });
    this.#ended = new BoundedList(history);
    this.#loadTimes = new BoundedList(history);
  }

  get reports(): readonly RecordedReport[] {
    return this.#reports.items;
  }

  get ended(): readonly RecordedEnd[] {
    return this.#ended.items;
  }

  get totals(): Totals {
    return {
      ...this.#sums,
      ...this.#requested,
      loadTimes: [...this.#loadTimes.items],
      ended: { ...this.#endedByStatus },
      endedTimes: this.#endedTimes,
    };
  }

  recordReport(status: WorkerStatus, receivedAt: number): RecordedReport {
    const report: RecordedReport = { ...status, receivedAt };
    this.#reports.push(report);
    this.#sums.reports += 1;
    this.#sums.newLoad += status.new_load;
    this.#sums.rejectedLoad += status.rej_load;
    this.#sums.servedLoad += status.cur_perf;
    this.#sums.requestsReceived += status.num_requests_recieved;
    if (status.loadtime !== 0) this.#loadTimes.push(status.loadtime);
    return report;
  }

  recordEnded(report: EndedReport, receivedAt: number): readonly RecordedEnd[] {
    return report.requests.map((request) => {
      const end: RecordedEnd = { ...request, worker_id: report.worker_id, receivedAt };
      this.#ended.push(end);
      this.#endedByStatus[end.status] += 1;
      this.#countEnd(end.request_idx);
      return end;
    });
  }

  recordRequested(cost: number): void {
    this.#requested.requested += 1;
    this.#requested.requestedLoad += cost;
  }

  #countEnd(requestIdx: number): void {
    this.#endedTimes.set(requestIdx, (this.#endedTimes.get(requestIdx) ?? 0) + 1);
    if (this.#endedTimes.size <= COUNTED_ENDS) return;
    const [oldest] = this.#endedTimes.keys();
    if (oldest !== undefined) this.#endedTimes.delete(oldest);
  }
}
