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

/** Sums over everything that was ever recorded, however short the lists of the newest entries are. */
export interface Totals {
  /** Number of status reports. */
  readonly reports: number;
  /** Sum of `new_load`: workload that came in and was not cancelled. */
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
   * How often each of the newest million `request_idx` was reported ended; more than once is a duplicate.
   */
  readonly endedTimes: ReadonlyMap<number, number>;
  /** Number of different requests that asked for a route. One that asks again is not counted again. */
  readonly requested: number;
  /** Sum of the costs of those. */
  readonly requestedLoad: number;
}

/** Most that the kept reports may weigh, in bytes. */
const MOST_BYTES = 32 * 1024 * 1024;

/** Roughly what a report takes of the memory, in bytes. */
export const weightOf = ({ error_msg, url, version, mtoken, working_request_idxs }: WorkerStatus): number =>
  300 +
  2 * (error_msg.length + url.length + version.length + mtoken.length) +
  8 * working_request_idxs.length;

/** How many requests are watched for being reported ended twice: some 50 MB. */
const COUNTED_ENDS = 1_000_000;

/** What workers told the engine: the newest entries and the sums over all. */
export class Ledger {
  readonly #reports: BoundedList<RecordedReport>;
  readonly #ended: BoundedList<RecordedEnd>;
  readonly #loadTimes: BoundedList<number>;
  readonly #endedTimes = new Map<number, number>();
  readonly #sums = { reports: 0, newLoad: 0, rejectedLoad: 0, servedLoad: 0, requestsReceived: 0 };
  readonly #endedByStatus: Record<EndedStatus, number> = { Success: 0, Error: 0, Cancelled: 0, Rejected: 0 };
  readonly #requested = { requested: 0, requestedLoad: 0 };

  constructor(history: number) {
    this.#reports = new BoundedList<RecordedReport>(history, { weightOf, most: MOST_BYTES });
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
