import type { ActorLogic, Snapshot } from "xstate";
import type {
  ClosedReason,
  KeyHeld,
  QueueOpened,
  RequestGranted,
  SessionClosed,
  SessionClosing,
  SessionsAborted,
  SessionsOpened,
  TrafficAborted,
  TrafficAwaited,
  TrafficClosed,
  TrafficDrained,
  TrafficOpened,
} from "./events.js";

/** Events that the edge handles: it owns the clients' connections and answers them. */
export type EdgeEvent =
  | RequestGranted
  | QueueOpened
  | SessionClosing
  | SessionClosed
  | SessionsOpened
  | SessionsAborted
  | TrafficOpened
  | TrafficClosed
  | TrafficAborted
  | TrafficAwaited
  | KeyHeld;

/** Whether requests are admitted. */
export type Traffic =
  | { readonly open: true; readonly maxPerf: number }
  | {
      readonly open: false;
      readonly reason: ClosedReason;
      /** Last observation of a model that has not loaded, such as `127.0.0.1:18000: connection refused`. */
      readonly waitsFor?: string | undefined;
    };

/** The edge's snapshot, for inspection. */
export type EdgeSnapshot = Snapshot<undefined> & {
  readonly context: {
    readonly traffic: Traffic;
    /** Number of admitted requests that have not ended. */
    readonly open: number;
  };
};

/** Input of the edge. */
export interface EdgeInput {
  readonly worker: { send(event: TrafficDrained): void };
}

/** The edge's logic, which the runtime provides: it does I/O. */
export interface EdgeLogic extends ActorLogic<EdgeSnapshot, EdgeEvent, EdgeInput> {}

const refuse = (): never => {
  throw new Error("edge is not provided");
};

/** Placeholder that throws: the runtime has to provide the edge. */
export const edgeNotProvided: EdgeLogic = {
  getInitialSnapshot: refuse,
  transition: refuse,
  getPersistedSnapshot: refuse,
};
