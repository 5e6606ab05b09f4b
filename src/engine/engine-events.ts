import type { AuthData } from "../shared/wire.js";
import type { Outage } from "./api/engine-server.js";
import type { NotRouted } from "./routing/dispatcher.js";
import type { Plan } from "./scaling/fleet.js";
import type { RecordedEnd, RecordedReport } from "./workers/ledger.js";
import type { WorkerView } from "./workers/worker-view.js";

/** Events of an engine. Each comes after the request that caused it was answered. */
export interface EngineEvents {
  /** A status report was recorded. */
  report: [report: RecordedReport];
  /** Ended requests were recorded; one event per delivery, which has at least one. */
  ended: [ended: readonly RecordedEnd[]];
  /** A client was sent to a worker. */
  routed: [answer: AuthData];
  /** A client found no worker ready. */
  unrouted: [answer: NotRouted];
  /** A report or a delivery of ended requests was not answered 2xx, and so not recorded. */
  refused: [refusal: { readonly path: string; readonly reason: string }];
  /** A worker that a provider made came into another state. */
  worker: [worker: WorkerView];
  /** A plan that changes something was made. */
  plan: [plan: { readonly endpoint: string; readonly plan: Plan }];
  /**
   * A message for people, for example that no more workers are created because all of them failed.
   */
  notice: [notice: string];
  /** A simulated outage began; undefined: it is over. */
  outage: [outage: Outage | undefined];
}
