import { type ActorRefFrom, assign, enqueueActions, setup } from "xstate";
import type { Failure, Purpose, WorkerFailed, WorkerGone, WorkerLasted, WorkerServed } from "./events.js";
import { engineWorkerMachine, type Memo, type Origin, type Patience } from "./worker.js";

/** A worker's actor. */
export type WorkerRef = ActorRefFrom<typeof engineWorkerMachine>;

/** A worker of the group is to be known: announced, ordered, or remembered from an earlier run. */
export interface WorkerAdded {
  readonly type: "worker.added";
  readonly id: number;
  readonly origin: Origin;
  readonly purpose: Purpose;
  readonly memo?: Memo;
}

/** Every worker is to go. */
export interface WorkergroupRelease {
  readonly type: "workergroup.release";
}

/** Every worker is to be held. */
export interface WorkergroupHold {
  readonly type: "workergroup.hold";
}

/** Somebody changed what may have been wrong: try at once. */
export interface WorkergroupRetry {
  readonly type: "workergroup.retry";
}

/** What a workergroup's actor knows. */
export interface WorkergroupContext {
  readonly patience: Patience;
  /** By worker id. */
  readonly workers: Readonly<Record<number, WorkerRef>>;
  /** Failures since a worker last served for a while. */
  readonly failures: number;
  readonly lastFailure: Failure | undefined;
}

/** Failures in a row after which no worker is created for a long while. */
export const MAX_FAILURES = 5;
/** Milliseconds of that while. */
export const BROKEN_MS = 300_000;
const BACK_OFF_MS = 1000;

/**
 * The workers that are made alike. When one after the other fails, making more does not help: creation waits
 * longer and longer, and after {@link MAX_FAILURES} in a row for {@link BROKEN_MS}. One that becomes ready ends the
 * wait, and one that serves for a while the row: those that fail as soon as they serve are a row, too.
 */
export const workergroupMachine = setup({
  types: {} as {
    context: WorkergroupContext;
    input: { readonly patience: Patience };
    events:
      | WorkerAdded
      | WorkerServed
      | WorkerLasted
      | WorkerFailed
      | WorkerGone
      | WorkergroupRelease
      | WorkergroupHold
      | WorkergroupRetry;
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
  },
  actions: {
    addWorker: assign(({ context, spawn, self }, { type: _, id, ...worker }: WorkerAdded) => ({
      workers: {
        ...context.workers,
        [id]: spawn("worker", {
          id: `worker-${id}`,
          input: { ...worker, id, patience: context.patience, group: self },
        }),
      },
    })),
    forgetWorker: enqueueActions(({ context, enqueue }, { id }: { id: number }) => {
      enqueue.stopChild(`worker-${id}`);
      const { [id]: _, ...workers } = context.workers;
      enqueue.assign({ workers });
    }),
    createWorker: enqueueActions(({ context, enqueue }, { id }: { id: number }) => {
      const worker = context.workers[id];
      if (worker !== undefined) enqueue.sendTo(worker, { type: "worker.create" });
    }),
    createPending: enqueueActions(({ context, enqueue }) => {
      for (const worker of Object.values(context.workers)) enqueue.sendTo(worker, { type: "worker.create" });
    }),
    holdAll: enqueueActions(({ context, enqueue }) => {
      for (const worker of Object.values(context.workers)) {
        enqueue.sendTo(worker, { type: "worker.deactivate" });
      }
    }),
    releaseAll: enqueueActions(({ context, enqueue }) => {
      for (const worker of Object.values(context.workers)) enqueue.sendTo(worker, { type: "worker.destroy" });
    }),
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
    "worker.gone": { actions: { type: "forgetWorker", params: ({ event }) => event } },
    "worker.failed": [
      {
        guard: "failsTooOften",
        target: ".broken",
        reenter: true,
        actions: { type: "countFailure", params: ({ event }) => event },
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
    "workergroup.hold": { actions: "holdAll" },
    "workergroup.release": { actions: "releaseAll" },
  },
  states: {
    recruiting: {
      entry: "createPending",
      on: {
        // Only the new one: to tell all of them each time would take a while where there are many.
        "worker.added": {
          actions: [
            { type: "addWorker", params: ({ event }) => event },
            { type: "createWorker", params: ({ event }) => event },
          ],
        },
        "worker.served": {},
        "worker.lasted": { actions: "forgetFailures" },
      },
    },
    backingOff: { after: { backOff: "recruiting" } },
    // One more failure then leads back here at once.
    broken: { after: { broken: "recruiting" } },
  },
});
