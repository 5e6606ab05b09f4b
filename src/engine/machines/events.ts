/** What a worker is held for: to serve, or to wait with its benchmark kept until it is needed. */
export type Purpose = "active" | "inactive";

/** What a worker's report says of it. */
export type Said =
  /** It has no capacity yet. */
  | { readonly condition: "loading" }
  /** It has been measured, and is not ready. */
  | { readonly condition: "measured" }
  | { readonly condition: "ready" }
  | { readonly condition: "failed"; readonly message: string };

/** Why a worker counts as failed. */
export type FailureKind = "notCreated" | "late" | "errored" | "exited" | "silent";

/** A worker's failure, in words. */
export interface Failure {
  readonly kind: FailureKind;
  readonly message: string;
}

/** It is this worker's turn to be created. */
export interface WorkerCreate {
  readonly type: "worker.create";
}

/** Serve, from now on. */
export interface WorkerActivate {
  readonly type: "worker.activate";
}

/** Serve nothing new, and be held. */
export interface WorkerDeactivate {
  readonly type: "worker.deactivate";
}

/** Reboot where that helps; else go, so that another takes your place. */
export interface WorkerReplace {
  readonly type: "worker.replace";
  /** What it, or the other one, is for. */
  readonly purpose: Purpose;
}

/** Go. */
export interface WorkerDestroy {
  readonly type: "worker.destroy";
}

/** A report of the worker came. */
export interface WorkerReported {
  readonly type: "worker.reported";
  readonly said: Said;
}

/** What the worker runs in ended, without having been asked to. */
export interface WorkerExited {
  readonly type: "worker.exited";
  readonly message: string;
}

/** The worker became ready. */
export interface WorkerServed {
  readonly type: "worker.served";
  readonly id: number;
}

/** The worker has served for a while. */
export interface WorkerLasted {
  readonly type: "worker.lasted";
  readonly id: number;
}

/** The worker failed. */
export interface WorkerFailed {
  readonly type: "worker.failed";
  readonly id: number;
  readonly failure: Failure;
}

/** The worker is no more. */
export interface WorkerGone {
  readonly type: "worker.gone";
  readonly id: number;
}
