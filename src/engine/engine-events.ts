import type { AuthData } from "../shared/wire.js";
import type { Outage } from "./api/outage.js";
import type { Plan } from "./scaling/fleet.js";
import type { RecordedEnd, RecordedReport } from "./workers/ledger.js";
import type { WorkerView } from "./workers/worker-view.js";

/** What `/route/` answers while no worker is ready. */
export interface NotRouted {
  readonly endpoint: string;
  /** How many workers are in which state. */
  readonly status: string;
  readonly request_idx: number;
}

/** What an engine emits: name and arguments. An answer is on its way before its event comes. */
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
  /** The rules of scaling ask for something to be done. */
  plan: [plan: { readonly endpoint: string; readonly plan: Plan }];
  /**
   * Something that a person should know, such as that no more workers are created because all of them failed.
   */
  notice: [notice: string];
  /** An outage began (or changed into another); undefined: it is over. */
  outage: [outage: Outage | undefined];
}
