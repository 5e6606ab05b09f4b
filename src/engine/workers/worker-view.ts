import type { Purpose } from "../machines/events.js";
import type { WireStatus } from "../machines/wire-status.js";
import type { Memo } from "../machines/worker.js";
import type { RecordedReport } from "./ledger.js";

/**
 * What the engine thinks of a worker.
 *
 * - `error`: its last report has an `error_msg`, or it failed otherwise.
 * - `silent`: it has not reported for longer than allowed.
 * - `loading`: it has no capacity yet, no URL, or has not told its `loadtime`.
 * - `held`: it serves nothing until it is activated.
 * - `idle`: none of these; requests may be routed to it.
 */
export type WorkerState = "loading" | "idle" | "error" | "silent" | "held";

/** A worker as the engine sees it. */
export interface WorkerView {
  readonly id: number;
  /** Name of its endpoint. */
  readonly endpoint: string;
  /** Empty before its first report. */
  readonly url: string;
  readonly state: WorkerState;
  /** The state of its actor, as `/get_endpoint_workers/` tells it. */
  readonly status: WireStatus;
  /** Whether it was made by the engine's provider, or announced itself. */
  readonly origin: "managed" | "announced";
  readonly purpose: Purpose;
  /** What its provider keeps of it, such as the number of its process. */
  readonly memo: Memo | undefined;
  /** Seconds of work ahead of a new request. Infinity without capacity. */
  readonly expectedQueue: number;
  /** Workload per second that it was measured to have, 0 before. */
  readonly capacity: number;
  /** Workload of its requests that have not ended. */
  readonly load: number;
  /** Why it failed last; undefined: it never did. */
  readonly failure: string | undefined;
  /** Epoch seconds since which it is known. */
  readonly startedAt: number;
  /** Epoch seconds at which it last became ready. */
  readonly loadedAt: number | undefined;
  readonly lastReport: RecordedReport | undefined;
}

/** One line that tells how many workers are in which state. */
export function summaryOf(workers: readonly Pick<WorkerView, "state">[]): string {
  const counts: Record<WorkerState, number> = { loading: 0, idle: 0, error: 0, silent: 0, held: 0 };
  for (const { state } of workers) counts[state] += 1;
  const { held, ...usual } = counts;
  const states = Object.entries(held > 0 ? counts : usual).map(([state, count]) => `${count} ${state}`);
  return `${workers.length} workers: ${states.join(", ")}`;
}

/** A worker as `/get_endpoint_workers/` names things. */
export function wireWorker(view: WorkerView, rollingLoad: number) {
  const { id, status, load, capacity, startedAt, loadedAt, lastReport } = view;
  return {
    id,
    status,
    cur_load: load,
    new_load: lastReport?.new_load ?? 0,
    cur_load_rolling_avg: rollingLoad,
    cur_perf: lastReport?.cur_perf ?? 0,
    perf: capacity,
    measured_perf: capacity,
    dlperf: 0,
    reliability: 1,
    reqs_working: lastReport?.num_requests_working ?? 0,
    disk_usage: lastReport?.additional_disk_usage ?? 0,
    loaded_at: loadedAt ?? null,
    started_at: startedAt,
  };
}
