import type { ActorLogic, ActorRef, Snapshot } from "xstate";
import type { RequestArrived, RequestEnded, RequestGranted } from "./events.js";
import { Lane } from "./lane.js";

/** What a queue actor is started with. */
export interface QueueInput {
  /** How many requests may run at once, at least 1; `Infinity` for all. */
  readonly limit: number;
  /** Whoever is told that a request's turn has come. */
  readonly edge: Pick<ActorRef<Snapshot<unknown>, RequestGranted>, "send">;
}

/** Events that a queue actor takes. */
export type QueueEvent = RequestArrived | RequestEnded;

/** A queue actor's snapshot: `context` is for people, `lane` holds the tickets. */
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

/** Named, so that the machines' types can be written down without names that xstate keeps to itself. */
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
 * A FIFO queue as actor logic: takes `request.arrived`, answers `request.granted` to the edge when the turn
 * has come, and lets go on `request.ended`, waiting or running. O(1) per event.
 *
 * It is no state machine because every request passes it twice: a machine's transition costs ten times the
 * queue's work.
 */
export const queueLogic: QueueLogic = {
  getInitialSnapshot: (_scope, { limit, edge }) => snapshotOf(new Lane(limit), edge),

  transition: (snapshot, event) => {
    const { lane, edge } = snapshot;
    switch (event.type) {
      case "request.arrived":
        if (lane.enter(event.id, event.workload, event.at)) {
          edge.send({ type: "request.granted", id: event.id });
        }
        return snapshotOf(lane, edge);
      case "request.ended": {
        const next = lane.leave(event.id);
        if (next !== undefined) edge.send({ type: "request.granted", id: next });
        return snapshotOf(lane, edge);
      }
      default:
        return snapshot;
    }
  },

  // Tickets belong to open connections, so a queue is not restored: what is persisted is for reading.
  getPersistedSnapshot: ({ status, output, error, context, lane }) =>
    ({ status, output, error, context, queued: [...lane.queued()] }) as Snapshot<unknown>,
};
