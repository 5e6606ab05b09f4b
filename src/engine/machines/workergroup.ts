import {
  type ActorRef,
  type ActorRefFrom,
  assign,
  enqueueActions,
  type Snapshot,
  sendTo,
  setup,
} from "xstate";
import { engineWorkerMachine } from "./worker.js";
import type {
  Failure,
  Memo,
  Origin,
  Purpose,
  WorkerChanged,
  WorkerEvent,
  WorkerGone,
  WorkerNotice,
  WorkerTimeouts,
} from "./worker-events.js";

/** A worker joins the group: one that announced itself, is to be created, or is known from an earlier run. */
export interface WorkerAdded {
  readonly type: "worker.added";
  readonly groupId: number;
  readonly id: number;
  readonly origin: Origin;
  readonly purpose: Purpose;
  readonly memo?: Memo;
}

/** An event for one worker. A worker that does not exist any more is no error. */
export interface WorkerRelay {
  readonly type: "worker.relay";
  readonly groupId: number;
  readonly id: number;
  readonly event: WorkerEvent;
}

/** Too many workers failed in a row: none is created for {@link BROKEN_MS}. */
export interface WorkergroupBroken {
  readonly type: "workergroup.broken";
  readonly id: number;
  readonly failures: number;
  readonly lastFailure: Failure | undefined;
}

/** Events that a workergroup sends to its endpoint. */
export type WorkergroupNotice =
  | WorkerChanged
  | WorkerGone
  | WorkergroupBroken
  /** The group was released, and its last worker is gone. */
  | { readonly type: "workergroup.released"; readonly id: number };

type WorkergroupEvent =
  | WorkerAdded
  | WorkerRelay
  | WorkerNotice
  /** Destroy all workers. */
  | { readonly type: "workergroup.release" }
  /** Make all workers inactive. */
  | { readonly type: "workergroup.hold" }
  /** Create workers again, whatever failed before. */
  | { readonly type: "workergroup.retry" };

/** Input of a workergroup's actor. */
export interface WorkergroupInput {
  readonly id: number;
  readonly timeouts: WorkerTimeouts;
  readonly endpoint: ActorRef<Snapshot<unknown>, WorkergroupNotice>;
}

export interface WorkergroupContext extends WorkergroupInput {
  /** By worker id. */
  readonly workers: Readonly<Record<number, ActorRefFrom<typeof engineWorkerMachine>>>;
  /** Failures since a worker was last ready for a minute. */
  readonly failures: number;
  readonly lastFailure: Failure | undefined;
}

/** Failures in a row after which no worker is created for {@link BROKEN_MS}. */
const MAX_FAILURES = 5;
const BROKEN_MS = 300_000;
/** Milliseconds before a worker is created after the first failure; doubled for each further one. */
const BACK_OFF_MS = 1000;

/**
 * The workers that are made in the same way. Creation backs off after each failure, and pauses after
 * {@link MAX_FAILURES} in a row. A worker that becomes ready ends the back-off, and one that stays ready for a minute
 * resets the count: workers that fail as soon as they are ready count as failures in a row.
 */
export const workergroupMachine = setup({
  types: {} as {
    context: WorkergroupContext;
    input: WorkergroupInput;
    events: WorkergroupEvent;
    children: { [id: `worker-${number}`]: "worker" };
  },
  actors: { worker: engineWorkerMachine },
  delays: {
    backOff: ({ context }) => BACK_OFF_MS * 2 ** (context.failures - 1),
    broken: BROKEN_MS,
  },
  guards: {
    failedTooOften: ({ context }) => context.failures >= MAX_FAILURES,
    failsTooOften: ({ context }) => context.failures + 1 >= MAX_FAILURES,
    isEmpty: ({ context }) => Object.keys(context.workers).length === 0,
  },
  actions: {
    addWorker: assign(({ context, spawn, self }, { id, origin, purpose, memo }: WorkerAdded) => ({
      workers: {
        ...context.workers,
        [id]: spawn("worker", {
          id: `worker-${id}`,
          input: { id, origin, purpose, ...(memo && { memo }), timeouts: context.timeouts, group: self },
        }),
      },
    })),
    forgetWorker: enqueueActions(({ context, enqueue }, { id }: { id: number }) => {
      enqueue.stopChild(`worker-${id}`);
      const { [id]: _, ...workers } = context.workers;
      enqueue.assign({ workers });
    }),
    sendToWorker: enqueueActions(({ context, enqueue }, { id, event }: Pick<WorkerRelay, "id" | "event">) => {
      const worker = context.workers[id];
      if (worker !== undefined) enqueue.sendTo(worker, event);
    }),
    sendToAll: enqueueActions(({ context, enqueue }, event: WorkerEvent) => {
      for (const worker of Object.values(context.workers)) enqueue.sendTo(worker, event);
    }),
    notifyEndpoint: sendTo(
      ({ context }) => context.endpoint,
      (_, notice: WorkergroupNotice) => notice,
    ),
    countFailure: assign(({ context }, { failure }: { failure: Failure }) => ({
      failures: context.failures + 1,
      lastFailure: failure,
    })),
    forgetFailures: assign({ failures: 0, lastFailure: undefined }),
  },
}).createMachine({
  id: "workergroup",
  context: ({ input }) => ({ ...input, workers: {}, failures: 0, lastFailure: undefined }),
  initial: "recruiting",
  on: {
    "worker.added": { actions: { type: "addWorker", params: ({ event }) => event } },
    "worker.relay": { actions: { type: "sendToWorker", params: ({ event }) => event } },
    "worker.changed": { actions: { type: "notifyEndpoint", params: ({ event }) => event } },
    "worker.gone": {
      actions: [
        { type: "forgetWorker", params: ({ event }) => event },
        { type: "notifyEndpoint", params: ({ event }) => event },
      ],
    },
    "worker.failed": [
      {
        guard: "failsTooOften",
        target: ".broken",
        actions: [
          { type: "countFailure", params: ({ event }) => event },
          {
            type: "notifyEndpoint",
            params: ({ context: { id, failures, lastFailure } }) => ({
              type: "workergroup.broken",
              id,
              failures,
              lastFailure,
            }),
          },
        ],
      },
      {
        target: ".backingOff",
        reenter: true,
        actions: { type: "countFailure", params: ({ event }) => event },
      },
    ],
    "worker.served": [{ guard: "failedTooOften" }, { target: ".recruiting" }],
    "worker.lasted": { target: ".recruiting", actions: "forgetFailures" },
    "workergroup.retry": { target: ".recruiting", actions: "forgetFailures" },
    "workergroup.hold": { actions: { type: "sendToAll", params: { type: "worker.deactivate" } } },
    "workergroup.release": [{ guard: "isEmpty", target: ".released" }, { target: ".releasing" }],
  },
  states: {
    recruiting: {
      entry: { type: "sendToAll", params: { type: "worker.create" } },
      on: {
        // Only the new one is to be created: sending that to all workers each time is quadratic.
        "worker.added": {
          actions: [
            { type: "addWorker", params: ({ event }) => event },
            {
              type: "sendToWorker",
              params: ({ event: { id } }) => ({ id, event: { type: "worker.create" } }),
            },
          ],
        },
        "worker.served": {},
        "worker.lasted": { actions: "forgetFailures" },
      },
    },
    backingOff: { after: { backOff: "recruiting" } },
    broken: {
      after: { broken: "recruiting" },
      on: {
        // The pause begins again. It was reported before.
        "worker.failed": {
          target: "broken",
          reenter: true,
          actions: { type: "countFailure", params: ({ event }) => event },
        },
      },
    },
    releasing: {
      entry: { type: "sendToAll", params: { type: "worker.destroy" } },
      on: {
        // Not before: an actor that is done reports it to a running parent.
        "xstate.done.actor.*": { guard: "isEmpty", target: "released" },
        "workergroup.retry": {},
        "workergroup.release": {},
      },
    },
    released: {
      type: "final",
      entry: {
        type: "notifyEndpoint",
        params: ({ context }) => ({ type: "workergroup.released", id: context.id }),
      },
    },
  },
});
