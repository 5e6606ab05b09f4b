import type { ActorLogic, ActorRef, Snapshot } from "xstate";
import type { RequestArrived, RequestEnded, RequestGranted } from "./events.js";
import { FairLane } from "./fair-lane.js";
import { FifoLane, type Lane } from "./lane.js";

/** Order in which waiting requests have their turns: by arrival, or fair shares by flow. */
export type QueueOrder = "fifo" | "fair";

/** Input of a queue actor. */
export interface QueueInput {
  /** How many requests may run at once, at least 1; `Infinity` for all. */
  readonly limit: number;
  /** @default "fifo" */
  readonly order?: QueueOrder | undefined;
  /** Receives `request.granted`. */
  readonly edge: Pick<ActorRef<Snapshot<unknown>, RequestGranted>, "send">;
}

/** Events that a queue actor handles. */
export type QueueEvent = RequestArrived | RequestEnded;

/** A queue actor's snapshot: `context` is a summary for inspection, `lane` holds the tickets. */
export type QueueSnapshot = Snapshot<undefined> & {
  readonly context: {
    readonly limit: number;
    readonly running: number;
    readonly waiting: number;
  };
  /** Changes in place: copying 10,000 waiting tickets per event would cost more than the event's work. */
  readonly lane: Lane;
  readonly edge: QueueInput["edge"];
};

/** An interface, because the inferred type would name types that xstate does not export. */
export interface QueueLogic extends ActorLogic<QueueSnapshot, QueueEvent, QueueInput> {}

const snapshotOf = (lane: Lane, edge: QueueInput["edge"]): QueueSnapshot => ({
  status: "active",
  output: undefined,
  error: undefined,
  context: { limit: lane.limit, running: lane.running, waiting: lane.waiting },
  lane,
  edge,
});

/**
 * A queue as actor logic: it handles `request.arrived`, sends `request.granted` to the edge when it is the
 * request's turn, and frees the place on `request.ended`, waiting or running. O(1) per event in a FIFO queue; in a fair one
 * O(log n) for n flows.
 *
 * It is not a state machine because every request passes it twice: a machine's transition costs ten times as much
 * as the queue's own work.
 */
export const queueLogic: QueueLogic = {
  getInitialSnapshot: (_scope, { limit, order, edge }) =>
    snapshotOf(order === "fair" ? new FairLane(limit) : new FifoLane(limit), edge),

  transition: (snapshot, event) => {
    const { lane, edge } = snapshot;
    switch (event.type) {
      case "request.arrived": {
        const { id, workload, at, flow, weight, priority } = event;
        if (lane.enter(id, workload, at, flow, weight, priority)) edge.send({ type: "request.granted", id });
        return snapshotOf(lane, edge);
      }
      case "request.ended": {
        const next = lane.leave(event.id);
        if (next !== undefined) edge.send({ type: "request.granted", id: next });
        return snapshotOf(lane, edge);
      }
      default:
        return snapshot;
    }
  },

  // Tickets belong to open connections, so a queue is not restored: the persisted snapshot is for reading only.
  getPersistedSnapshot: ({ status, output, error, context, lane }) =>
    ({ status, output, error, context, queued: [...lane.queued()] }) as Snapshot<unknown>,
};
