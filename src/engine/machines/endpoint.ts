import { type ActorRefFrom, assign, enqueueActions, fromPromise, setup } from "xstate";
import type { Patience } from "./worker.js";
import { workergroupMachine } from "./workergroup.js";

/** A workergroup's actor. */
export type WorkergroupRef = ActorRefFrom<typeof workergroupMachine>;

/** The states of an endpoint, named as on the wire. */
export const ENDPOINT_STATES = ["active", "suspended", "stopped"] as const;

/** What an endpoint's actor knows. */
export interface EndpointContext {
  readonly patience: Patience;
  /** By the group's id. */
  readonly groups: Readonly<Record<number, WorkergroupRef>>;
}

type EndpointEvent =
  | { readonly type: "endpoint.activate" }
  | { readonly type: "endpoint.suspend" }
  | { readonly type: "endpoint.stop" }
  | { readonly type: "workergroup.added"; readonly id: number }
  | { readonly type: "workergroup.removed"; readonly id: number };

/** Milliseconds between two looks at the fleet. */
export const TICK_MS = 1000;

/**
 * An endpoint: `active` ones are looked after each second, `suspended` ones route as before and are left
 * alone, `stopped` ones route nothing and hold their workers.
 */
export const endpointMachine = setup({
  types: {} as {
    context: EndpointContext;
    input: { readonly patience: Patience };
    events: EndpointEvent;
    children: { [id: `workergroup-${number}`]: "workergroup" };
  },
  actors: {
    workergroup: workergroupMachine,
    /** Looks at the fleet and has the plan carried out. */
    manage: fromPromise<void>(() => Promise.reject(new Error("manage is not provided"))),
  },
  delays: { tick: TICK_MS },
  actions: {
    addGroup: assign(({ context, spawn }, { id }: { id: number }) => ({
      groups: {
        ...context.groups,
        [id]: spawn("workergroup", { id: `workergroup-${id}`, input: { patience: context.patience } }),
      },
    })),
    removeGroup: enqueueActions(({ context, enqueue }, { id }: { id: number }) => {
      enqueue.stopChild(`workergroup-${id}`);
      const { [id]: _, ...groups } = context.groups;
      enqueue.assign({ groups });
    }),
    holdAll: enqueueActions(({ context, enqueue }) => {
      for (const group of Object.values(context.groups)) enqueue.sendTo(group, { type: "workergroup.hold" });
    }),
    retryAll: enqueueActions(({ context, enqueue }) => {
      for (const group of Object.values(context.groups)) enqueue.sendTo(group, { type: "workergroup.retry" });
    }),
  },
}).createMachine({
  id: "endpoint",
  context: ({ input }) => ({ ...input, groups: {} }),
  initial: "active",
  on: {
    "workergroup.added": { actions: { type: "addGroup", params: ({ event }) => event } },
    "workergroup.removed": { actions: { type: "removeGroup", params: ({ event }) => event } },
    "endpoint.activate": { target: ".active", actions: "retryAll" },
    "endpoint.suspend": ".suspended",
    "endpoint.stop": ".stopped",
  },
  states: {
    active: {
      on: { "endpoint.activate": { actions: "retryAll" } },
      initial: "waiting",
      states: {
        waiting: { after: { tick: "managing" } },
        managing: { invoke: { id: "manage", src: "manage", onDone: "waiting", onError: "waiting" } },
      },
    },
    suspended: {},
    stopped: { entry: "holdAll" },
  },
});
