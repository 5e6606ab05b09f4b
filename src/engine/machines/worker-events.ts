import type { ActorRef, Snapshot } from "xstate";

/** What a worker is for: to serve, or to be kept with its benchmark's result until it is needed. */
export type Purpose = "active" | "inactive";

/** States of a worker, named as on the wire. */
export type WireStatus =
  | "pending"
  | "creating"
  | "created"
  | "loading"
  | "model_loading"
  | "idle"
  | "stopping"
  | "stopped"
  | "starting"
  | "rebooting"
  | "error"
  | "destroying";

/** A provider's own data about a worker, such as a folder and a port. It outlives the engine. */
export type Memo = Readonly<Record<string, string | number>>;

/** How the engine got a worker. */
export type Origin =
  /** Its first report: the engine cannot create or stop it. */
  | "announced"
  /** It is to be created. */
  | "ordered"
  /** It ran when the engine ended. */
  | "running"
  /** It was inactive when the engine ended. */
  | "held";

/** The condition of a worker by its last report. */
export type ReportedCondition =
  /** It has no capacity yet. */
  | { readonly condition: "loading" }
  /** It has been measured, and is not ready. */
  | { readonly condition: "measured" }
  | { readonly condition: "ready" }
  | { readonly condition: "failed"; readonly message: string };

/** Why a worker counts as failed. */
export interface Failure {
  readonly kind: "notCreated" | "late" | "errored" | "exited" | "silent";
  readonly message: string;
}

/** Milliseconds without a report after which a worker has failed. */
export interface WorkerTimeouts {
  /** Between two reports. */
  readonly silentMs: number;
  /** Between a start and the first report. */
  readonly startMs: number;
}

/** A worker's actor, as far as the engine needs it. */
export interface WorkerFacts {
  readonly id: number;
  readonly status: WireStatus;
  readonly origin: Origin;
  readonly purpose: Purpose;
  /** Undefined before the worker was created. */
  readonly memo: Memo | undefined;
  /** Its last failure. */
  readonly failure: Failure | undefined;
}

/** Parameters of a provider's call. */
export interface WorkerCall {
  readonly id: number;
  readonly memo: Memo | undefined;
}

/** Events that a worker's actor takes. */
export type WorkerEvent =
  /** The worker may be created now. */
  | { readonly type: "worker.create" }
  /** Serve. */
  | { readonly type: "worker.activate" }
  /** Serve nothing new, and become inactive. */
  | { readonly type: "worker.deactivate" }
  /** Reboot if that may help; otherwise be destroyed, and another worker takes this one's place. */
  | { readonly type: "worker.replace"; readonly purpose: Purpose }
  | { readonly type: "worker.destroy" }
  | { readonly type: "worker.reported"; readonly report: ReportedCondition }
  /** The worker's process or machine ended, and the engine had not stopped it. */
  | { readonly type: "worker.exited"; readonly message: string };

/** The worker has another status, purpose or memo. */
export interface WorkerChanged {
  readonly type: "worker.changed";
  readonly worker: WorkerFacts;
}

/** The worker does not exist any more. */
export interface WorkerGone {
  readonly type: "worker.gone";
  readonly id: number;
}

/** Events that a worker sends to its workergroup. */
export type WorkerNotice =
  | WorkerChanged
  | WorkerGone
  /** The worker became ready. */
  | { readonly type: "worker.served"; readonly id: number }
  /** The worker has been ready for a minute. */
  | { readonly type: "worker.lasted"; readonly id: number }
  | { readonly type: "worker.failed"; readonly id: number; readonly failure: Failure };

/** Input of a worker's actor. */
export interface WorkerInput {
  readonly id: number;
  readonly origin: Origin;
  readonly purpose: Purpose;
  readonly memo?: Memo;
  readonly timeouts: WorkerTimeouts;
  readonly group: ActorRef<Snapshot<unknown>, WorkerNotice>;
}
