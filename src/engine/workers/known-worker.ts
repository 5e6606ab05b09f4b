import type { Said } from "../machines/events.js";
import { wireStatus } from "../machines/wire-status.js";
import type { WorkerRef } from "../machines/workergroup.js";
import type { RollingLoad } from "../scaling/rolling-load.js";
import type { RememberedWorker } from "../state/engine-state.js";
import type { RecordedReport } from "./ledger.js";
import type { Reported } from "./roster.js";
import type { WorkerView } from "./worker-view.js";

/** Seconds that a rolling average of load looks back, roughly. */
export const AVERAGE_SECONDS = 10;

/** What the engine keeps of a worker beside its actor. */
export interface KnownWorker {
  readonly ref: WorkerRef;
  readonly groupId: number;
  readonly startedAt: number;
  readonly load: RollingLoad;
  /** Workload per second, 0 before it was measured. */
  capacity: number;
  loadedAt: number | undefined;
}

/** What a worker's reports say of it. */
export function saidBy({ state, lastReport }: Reported): Said {
  if (lastReport.error_msg !== "") return { condition: "failed", message: lastReport.error_msg };
  if (state === "idle") return { condition: "ready" };
  return { condition: lastReport.max_perf > 0 ? "measured" : "loading" };
}

/** Actor, reports and what else is known of a worker as one thing. */
export function viewOf(endpoint: string, known: KnownWorker, reported: Reported | undefined): WorkerView {
  const snapshot = known.ref.getSnapshot();
  const { id, origin, purpose, failure, memo } = snapshot.context;
  const status = wireStatus(snapshot);
  const isManaged = origin !== "announced";
  return {
    id,
    endpoint,
    url: reported?.url ?? "",
    state: stateOf(isManaged, status, reported),
    status,
    origin: isManaged ? "managed" : "announced",
    purpose,
    memo,
    expectedQueue: reported?.expectedQueue ?? Number.POSITIVE_INFINITY,
    capacity: known.capacity,
    load: reported?.load ?? 0,
    failure: failure?.message,
    startedAt: known.startedAt,
    loadedAt: known.loadedAt,
    lastReport: reported?.lastReport,
  };
}

/** What its reports say counts for one that announced itself; of others the engine knows more. */
function stateOf(
  isManaged: boolean,
  status: WorkerView["status"],
  reported: Reported | undefined,
): WorkerView["state"] {
  if (!isManaged) return reported?.state ?? "loading";
  if (status === "stopping" || status === "stopped" || status === "destroying") return "held";
  if (status === "error") return reported?.state === "silent" ? "silent" : "error";
  return status === "idle" ? (reported?.state ?? "loading") : "loading";
}

/** What of a worker outlives the engine; undefined: nothing, because it is not made yet, or on its way out. */
export function rememberedOf(
  { ref, groupId, capacity }: KnownWorker,
  endpointId: number,
  lastReport: RecordedReport | undefined,
): RememberedWorker | undefined {
  const { value, context } = ref.getSnapshot();
  const { id, origin, purpose, memo } = context;
  if (value === "destroying" || value === "destroyed") return undefined;
  if (origin !== "announced" && memo === undefined) return undefined;
  const isHeld = value === "stopped" || value === "stopping";
  return {
    id,
    endpointId,
    groupId,
    purpose,
    capacity,
    memo,
    lastReport,
    origin: origin === "announced" ? origin : isHeld ? "held" : "running",
  };
}
