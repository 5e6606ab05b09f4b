import type { Memo, Purpose, WireStatus, WorkerFacts } from "../machines/worker-events.js";
import type { ReportedWorker } from "../routing/routing-table.js";
import type { RollingLoad } from "../scaling/rolling-load.js";
import type { StoredWorker } from "../state/engine-state.js";
import type { RecordedReport } from "./ledger.js";
import type { Workergroup } from "./workergroup.js";

/**
 * Condition of a worker.
 *
 * - `error`: its last report has an `error_msg`, or it failed otherwise.
 * - `silent`: it has not reported for longer than allowed.
 * - `loading`: it has no capacity yet, no URL, or has not reported its `loadtime`.
 * - `held`: it is inactive.
 * - `unreachable`: clients could not reach it, and it does not answer the engine.
 * - `idle`: none of these; requests may be routed to it.
 */
export type WorkerState = "loading" | "idle" | "error" | "silent" | "held" | "unreachable";

/** A worker as the engine sees it. */
export interface WorkerView {
  readonly id: number;
  /** Name of its endpoint. */
  readonly endpoint: string;
  /** Empty before its first report. */
  readonly url: string;
  readonly state: WorkerState;
  /** State of its actor, as in the answer of `/get_endpoint_workers/`. */
  readonly status: WireStatus;
  /** Whether the engine's provider made it, or it announced itself. */
  readonly origin: "managed" | "announced";
  readonly purpose: Purpose;
  /** Its provider's data, such as the number of its process. */
  readonly memo: Memo | undefined;
  /** Seconds of work ahead of a new request. Infinity without capacity. */
  readonly expectedQueue: number;
  /** Workload per second by its benchmark, 0 before. */
  readonly capacity: number;
  /** Workload of its requests that have not ended. */
  readonly load: number;
  /** Reason of its last failure; undefined: it never failed. */
  readonly failure: string | undefined;
  /** Epoch seconds since which the engine manages it. */
  readonly startedAt: number;
  /** Epoch seconds at which it last became ready. */
  readonly loadedAt: number | undefined;
  readonly lastReport: RecordedReport | undefined;
}

/** What the engine keeps of a worker beside its actor and its reports. */
export interface WorkerRecord {
  /** The actor's facts, as of its last change. */
  facts: WorkerFacts;
  readonly groupId: number;
  readonly startedAt: number;
  /** The group that it was made for, with the settings of that time; undefined: it announced itself. */
  readonly group: Workergroup | undefined;
  /** Rolling average of the workload that it received. */
  readonly load: RollingLoad;
  /** Workload per second, 0 before it was measured. */
  capacity: number;
  loadedAt: number | undefined;
}

/** Actor, record and reports of a worker in one object. */
export function viewOf(
  endpoint: string,
  { facts, capacity, startedAt, loadedAt }: WorkerRecord,
  reported: ReportedWorker | undefined,
): WorkerView {
  const { id, status, origin, purpose, memo, failure } = facts;
  return {
    id,
    endpoint,
    url: reported?.url ?? "",
    state: stateOf(facts, reported),
    status,
    origin: origin === "announced" ? "announced" : "managed",
    purpose,
    memo,
    expectedQueue: reported?.expectedQueue ?? Number.POSITIVE_INFINITY,
    capacity,
    load: reported?.load ?? 0,
    failure: failure?.message,
    startedAt,
    loadedAt,
    lastReport: reported?.lastReport,
  };
}

/** The reports decide for a worker that announced itself; of others the engine knows more. */
function stateOf({ origin, status }: WorkerFacts, reported: ReportedWorker | undefined): WorkerState {
  if (origin === "announced") return reported?.state ?? "loading";
  if (status === "stopping" || status === "stopped" || status === "destroying") return "held";
  if (status === "error") return reported?.state === "silent" ? "silent" : "error";
  return status === "idle" ? (reported?.state ?? "loading") : "loading";
}

/** States that are left out of a summary while no worker has them. */
const RARE: readonly string[] = ["held", "unreachable"] satisfies readonly WorkerState[];

/** Number of workers in each state, in one line. */
export function summaryOf(workers: readonly Pick<WorkerView, "state">[]): string {
  const counts: Record<WorkerState, number> = {
    loading: 0,
    idle: 0,
    error: 0,
    silent: 0,
    held: 0,
    unreachable: 0,
  };
  for (const { state } of workers) counts[state] += 1;
  const states = Object.entries(counts)
    .filter(([state, count]) => count > 0 || !RARE.includes(state))
    .map(([state, count]) => `${count} ${state}`);
  return `${workers.length} workers: ${states.join(", ")}`;
}

/** A worker by the names of `/get_endpoint_workers/`. Clients require that all numbers are numbers, never null. */
export function wireWorker(view: WorkerView, rollingLoad: number) {
  const { id, status, load, capacity, startedAt, loadedAt, lastReport } = view;
  return {
    id,
    status,
    gpu_name: "unknown",
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
    loaded_at: loadedAt ?? 0,
    started_at: startedAt,
  };
}

/** A worker as the state file keeps it; undefined: it was not created yet, or is being destroyed. */
export function storedWorker(
  { facts, groupId, capacity }: WorkerRecord,
  endpointId: number,
  lastReport: RecordedReport | undefined,
): StoredWorker | undefined {
  const { id, status, origin, purpose, memo } = facts;
  const isAnnounced = origin === "announced";
  if (status === "destroying" || (!isAnnounced && memo === undefined)) return undefined;
  const isHeld = status === "stopped" || status === "stopping";
  return {
    id,
    endpointId,
    groupId,
    origin: isAnnounced ? origin : isHeld ? "held" : "running",
    purpose,
    memo,
    capacity,
    lastReport,
  };
}
