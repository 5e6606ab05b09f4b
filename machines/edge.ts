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

/** Events that the edge takes: it keeps the connections and answers them. */
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
      /** What was last seen of the model that is waited for, such as `127.0.0.1:18000: connection refused`. */
      readonly waitsFor?: string | undefined;
    };

/** The edge's snapshot, for people to see. */
export type EdgeSnapshot = Snapshot<undefined> & {
  readonly context: {
    readonly traffic: Traffic;
    /** Number of admitted requests that have not ended. */
    readonly open: number;
  };
};

/** What the edge is started with. */
export interface EdgeInput {
  readonly worker: { send(event: TrafficDrained): void };
}

/** The edge as the runtime gives it. */
export interface EdgeLogic extends ActorLogic<EdgeSnapshot, EdgeEvent, EdgeInput> {}

const refuse = (): never => {
  throw new Error("edge is not provided");
};

/** Stands in until the runtime gives its own. */
export const edgeNotProvided: EdgeLogic = {
  getInitialSnapshot: refuse,
  transition: refuse,
  getPersistedSnapshot: refuse,
};
