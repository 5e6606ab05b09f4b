import { type ActorRefFrom, assign, emit, enqueueActions, fromPromise, setup } from "xstate";
import type { WorkerChanged, WorkerGone, WorkerTimeouts } from "./worker-events.js";
import {
  type WorkerAdded,
  type WorkergroupBroken,
  type WorkergroupNotice,
  type WorkerRelay,
  workergroupMachine,
} from "./workergroup.js";

/** The states of an endpoint, named as on the wire. */
export const ENDPOINT_STATES = ["active", "suspended", "stopped"] as const;

export interface EndpointContext {
  readonly timeouts: WorkerTimeouts;
  /** By the group's id. */
  readonly groups: Readonly<Record<number, ActorRefFrom<typeof workergroupMachine>>>;
}

type EndpointEvent =
  | { readonly type: "endpoint.activate" }
  | { readonly type: "endpoint.suspend" }
  | { readonly type: "endpoint.stop" }
  | { readonly type: "workergroup.added"; readonly id: number }
  /** The group's workers are destroyed, and it goes with the last of them. */
  | { readonly type: "workergroup.removed"; readonly id: number }
  | WorkerAdded
  | WorkerRelay
  | WorkergroupNotice;

/** Milliseconds between two plans. */
const TICK_MS = 1000;

/**
 * An endpoint with its workergroups and their workers; all of them are addressed through it. An `active` endpoint is planned
 * each second, a `suspended` one routes and its workers are left as they are, a `stopped` one routes nothing and its
 * workers are inactive.
 */
export const endpointMachine = setup({
  types: {} as {
    context: EndpointContext;
    input: { readonly timeouts: WorkerTimeouts };
    events: EndpointEvent;
    emitted: WorkerChanged | WorkerGone | WorkergroupBroken;
    children: { [id: `workergroup-${number}`]: "workergroup" } & { manage: "manage" };
  },
  actors: {
    workergroup: workergroupMachine,
    /** Makes a plan and applies it. */
    manage: fromPromise<void>(() => Promise.reject(new Error("manage is not provided"))),
  },
  delays: { tick: TICK_MS },
  actions: {
    addGroup: assign(({ context, spawn, self }, { id }: { id: number }) => ({
      groups: {
        ...context.groups,
        [id]: spawn("workergroup", {
          id: `workergroup-${id}`,
          input: { id, timeouts: context.timeouts, endpoint: self },
        }),
      },
    })),
    forgetGroup: enqueueActions(({ context, enqueue }, { id }: { id: number }) => {
      enqueue.stopChild(`workergroup-${id}`);
      const { [id]: _, ...groups } = context.groups;
      enqueue.assign({ groups });
    }),
    sendToGroup: enqueueActions(
      (
        { context, enqueue },
        { id, event }: { id: number; event: WorkerAdded | WorkerRelay | { type: "workergroup.release" } },
      ) => {
        const group = context.groups[id];
        if (group !== undefined) enqueue.sendTo(group, event);
      },
    ),
    sendToAll: enqueueActions(
      ({ context, enqueue }, event: { type: "workergroup.hold" | "workergroup.retry" }) => {
        for (const group of Object.values(context.groups)) enqueue.sendTo(group, event);
      },
    ),
    publish: emit((_, notice: WorkerChanged | WorkerGone | WorkergroupBroken) => notice),
  },
}).createMachine({
  id: "endpoint",
  context: ({ input }) => ({ ...input, groups: {} }),
  initial: "active",
  on: {
    "workergroup.added": { actions: { type: "addGroup", params: ({ event }) => event } },
    "workergroup.removed": {
      actions: {
        type: "sendToGroup",
        params: ({ event: { id } }) => ({ id, event: { type: "workergroup.release" } }),
      },
    },
    "workergroup.released": { actions: { type: "forgetGroup", params: ({ event }) => event } },
    "workergroup.broken": { actions: { type: "publish", params: ({ event }) => event } },
    "worker.added": {
      actions: { type: "sendToGroup", params: ({ event }) => ({ id: event.groupId, event }) },
    },
    "worker.relay": {
      actions: { type: "sendToGroup", params: ({ event }) => ({ id: event.groupId, event }) },
    },
    "worker.changed": { actions: { type: "publish", params: ({ event }) => event } },
    "worker.gone": { actions: { type: "publish", params: ({ event }) => event } },
    "endpoint.activate": {
      target: ".active",
      actions: { type: "sendToAll", params: { type: "workergroup.retry" } },
    },
    "endpoint.suspend": ".suspended",
    "endpoint.stop": ".stopped",
  },
  states: {
    active: {
      on: {
        "endpoint.activate": { actions: { type: "sendToAll", params: { type: "workergroup.retry" } } },
      },
      initial: "waiting",
      states: {
        waiting: { after: { tick: "managing" } },
        managing: { invoke: { id: "manage", src: "manage", onDone: "waiting", onError: "waiting" } },
      },
    },
    suspended: {},
    stopped: { entry: { type: "sendToAll", params: { type: "workergroup.hold" } } },
  },
});
