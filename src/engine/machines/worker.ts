import { type ActorRef, assign, cancel, fromPromise, raise, type Snapshot, sendTo, setup } from "xstate";
import type {
  Failure,
  Purpose,
  WorkerActivate,
  WorkerCreate,
  WorkerDeactivate,
  WorkerDestroy,
  WorkerExited,
  WorkerFailed,
  WorkerGone,
  WorkerLasted,
  WorkerReplace,
  WorkerReported,
  WorkerServed,
} from "./events.js";

/** What a provider wants to find again after a restart of the engine, such as a folder and a port. */
export type Memo = Readonly<Record<string, string | number>>;

/** How a worker came to be known. */
export type Origin =
  /** It announced itself: nobody can create or stop it. */
  | "announced"
  /** It is to be created. */
  | "ordered"
  /** It ran when the engine ended. */
  | "running"
  /** It was held when the engine ended. */
  | "held";

/** Milliseconds after which a worker has failed that says nothing. */
export interface Patience {
  /** Between two reports. */
  readonly silentMs: number;
  /** Between a start and the first report. */
  readonly startMs: number;
}

/** What a worker actor is started with. */
export interface WorkerInput {
  readonly id: number;
  readonly origin: Origin;
  readonly purpose: Purpose;
  readonly memo?: Memo;
  readonly patience: Patience;
  readonly group: ActorRef<Snapshot<unknown>, WorkerServed | WorkerLasted | WorkerFailed | WorkerGone>;
}

/** What a worker actor knows. */
export interface WorkerContext extends Omit<WorkerInput, "memo"> {
  /** Undefined before the worker was created. */
  readonly memo: Memo | undefined;
  /** Why it failed last. */
  readonly failure: Failure | undefined;
  /** Reboots since it last served for a while. */
  readonly reboots: number;
}

/** What a provider is asked to do with a worker. */
export interface WorkerCall {
  readonly id: number;
  readonly memo: Memo | undefined;
}

type WorkerEvent =
  | WorkerCreate
  | WorkerActivate
  | WorkerDeactivate
  | WorkerReplace
  | WorkerDestroy
  | WorkerReported
  | WorkerExited
  | { readonly type: "silence.ended" };

/** Reboots in a row after which a failed worker is replaced by another. */
export const MAX_REBOOTS = 2;

/** Milliseconds of service after which earlier reboots no longer count. */
const STEADY_MS = 60_000;
/** Milliseconds before the first reboot; doubled for each further one. */
const REBOOT_MS = 1000;

const SILENCE = "silence";

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/**
 * One worker as the engine sees it, its states named as on the wire: created when it is its turn, known by
 * its reports, held when it is not needed, rebooted or destroyed when it failed. What is done to it is a
 * provider's work.
 */
export const engineWorkerMachine = setup({
  types: {} as { context: WorkerContext; input: WorkerInput; events: WorkerEvent },
  actors: {
    create: fromPromise<Memo, WorkerCall>(() => Promise.reject(new Error("create is not provided"))),
    start: fromPromise<Memo, WorkerCall>(() => Promise.reject(new Error("start is not provided"))),
    stop: fromPromise<void, WorkerCall>(() => Promise.reject(new Error("stop is not provided"))),
    destroy: fromPromise<void, WorkerCall>(() => Promise.reject(new Error("destroy is not provided"))),
  },
  delays: {
    silent: ({ context }) => context.patience.silentMs,
    late: ({ context }) => context.patience.startMs,
    rebootBackOff: ({ context }) => REBOOT_MS * 2 ** Math.max(0, context.reboots - 1),
    steady: STEADY_MS,
  },
  guards: {
    isAnnounced: ({ context }) => context.origin === "announced",
    isManaged: ({ context }) => context.origin !== "announced",
    wasRunning: ({ context }) => context.origin === "running",
    wasHeld: ({ context }) => context.origin === "held",
    isToServe: ({ context }) => context.purpose === "active",
    isToBeHeld: ({ context }) => context.origin !== "announced" && context.purpose === "inactive",
    mayHelpToReboot: ({ context }) =>
      context.origin !== "announced" &&
      context.failure?.kind !== "notCreated" &&
      context.failure?.kind !== "silent" &&
      context.reboots < MAX_REBOOTS,
    saysFailed: (_, { said }: Pick<WorkerReported, "said">) => said.condition === "failed",
    saysReady: (_, { said }: Pick<WorkerReported, "said">) => said.condition === "ready",
    saysMeasured: (_, { said }: Pick<WorkerReported, "said">) => said.condition === "measured",
  },
  actions: {
    keepMemo: assign((_, { memo }: { memo: Memo }) => ({ memo })),
    intend: assign((_, { purpose }: { purpose: Purpose }) => ({ purpose })),
    intendToServe: assign({ purpose: "active" }),
    intendToHold: assign({ purpose: "inactive" }),
    noteFailure: assign((_, failure: Failure) => ({ failure })),
    countReboot: assign({ reboots: ({ context }) => context.reboots + 1 }),
    forgetReboots: assign({ reboots: 0 }),
    expectReport: raise({ type: "silence.ended" }, { id: SILENCE, delay: "silent" }),
    expectNothing: cancel(SILENCE),
    tellServed: sendTo(
      ({ context }) => context.group,
      ({ context }) => ({ type: "worker.served", id: context.id }) satisfies WorkerServed,
    ),
    tellLasted: sendTo(
      ({ context }) => context.group,
      ({ context }) => ({ type: "worker.lasted", id: context.id }) satisfies WorkerLasted,
    ),
    tellFailed: sendTo(
      ({ context }) => context.group,
      ({ context }) =>
        ({
          type: "worker.failed",
          id: context.id,
          failure: context.failure ?? { kind: "errored", message: "unknown" },
        }) satisfies WorkerFailed,
    ),
    tellGone: sendTo(
      ({ context }) => context.group,
      ({ context }) => ({ type: "worker.gone", id: context.id }) satisfies WorkerGone,
    ),
  },
}).createMachine({
  id: "worker",
  context: ({ input }) => ({ ...input, memo: input.memo, failure: undefined, reboots: 0 }),
  initial: "pending",
  on: {
    "worker.activate": { actions: "intendToServe" },
    "worker.deactivate": { guard: "isManaged", actions: "intendToHold" },
    // Of one that announced itself there is nothing that anybody could take away.
    "worker.destroy": [{ guard: "isManaged", target: ".destroying" }, { target: ".destroyed" }],
    "worker.exited": {
      target: ".error",
      actions: {
        type: "noteFailure",
        params: ({ event }) => ({ kind: "exited", message: event.message }),
      },
    },
    "worker.reported": [
      {
        guard: { type: "saysFailed", params: ({ event }) => event },
        target: ".error",
        actions: {
          type: "noteFailure",
          params: ({ event }) => ({
            kind: "errored",
            message: event.said.condition === "failed" ? event.said.message : "",
          }),
        },
      },
      { guard: { type: "saysReady", params: ({ event }) => event }, target: ".running.idle" },
      { guard: { type: "saysMeasured", params: ({ event }) => event }, target: ".running.model_loading" },
      { target: ".running.loading" },
    ],
  },
  states: {
    pending: {
      always: [
        { guard: "isAnnounced", target: "running.loading" },
        { guard: "wasRunning", target: "starting" },
        { guard: "wasHeld", target: "stopped" },
      ],
      on: { "worker.create": "creating", "worker.destroy": "destroyed", "worker.reported": {} },
    },
    creating: {
      on: { "worker.reported": {} },
      invoke: {
        id: "create",
        src: "create",
        input: ({ context }) => ({ id: context.id, memo: context.memo }),
        onDone: {
          target: "created",
          actions: { type: "keepMemo", params: ({ event }) => ({ memo: event.output }) },
        },
        onError: {
          target: "error",
          actions: {
            type: "noteFailure",
            params: ({ event }) => ({ kind: "notCreated", message: messageOf(event.error) }),
          },
        },
      },
    },
    created: {
      after: {
        late: {
          target: "error",
          actions: {
            type: "noteFailure",
            params: { kind: "late", message: "no report since it was created" },
          },
        },
      },
    },
    starting: {
      initial: "calling",
      states: {
        calling: {
          on: { "worker.reported": {} },
          invoke: {
            id: "start",
            src: "start",
            input: ({ context }) => ({ id: context.id, memo: context.memo }),
            onDone: {
              target: "waiting",
              actions: { type: "keepMemo", params: ({ event }) => ({ memo: event.output }) },
            },
            onError: {
              target: "#worker.error",
              actions: {
                type: "noteFailure",
                params: ({ event }) => ({ kind: "late", message: messageOf(event.error) }),
              },
            },
          },
        },
        waiting: {
          after: {
            late: {
              target: "#worker.error",
              actions: {
                type: "noteFailure",
                params: { kind: "late", message: "no report since it was started" },
              },
            },
          },
        },
      },
    },
    running: {
      initial: "loading",
      entry: "expectReport",
      exit: "expectNothing",
      on: {
        "silence.ended": {
          target: "error",
          actions: {
            type: "noteFailure",
            params: ({ context }) => ({
              kind: "silent",
              message: `no report for ${context.patience.silentMs / 1000} s`,
            }),
          },
        },
      },
      states: {
        loading: {},
        model_loading: {},
        idle: {
          entry: "tellServed",
          always: { guard: "isToBeHeld", target: "#worker.stopping" },
          on: {
            "worker.reported": {
              guard: { type: "saysReady", params: ({ event }) => event },
              actions: ["expectNothing", "expectReport"],
            },
          },
          after: { steady: { actions: ["forgetReboots", "tellLasted"] } },
        },
      },
    },
    stopping: {
      // What it reports while its last requests end changes nothing.
      on: { "worker.reported": {}, "worker.exited": {} },
      invoke: {
        id: "stop",
        src: "stop",
        input: ({ context }) => ({ id: context.id, memo: context.memo }),
        onDone: [{ guard: "isToServe", target: "starting" }, { target: "stopped" }],
        onError: {
          target: "error",
          actions: {
            type: "noteFailure",
            params: ({ event }) => ({ kind: "errored", message: messageOf(event.error) }),
          },
        },
      },
    },
    stopped: {
      on: {
        "worker.activate": { target: "starting", actions: "intendToServe" },
        "worker.reported": {},
        "worker.exited": {},
      },
    },
    error: {
      entry: "tellFailed",
      on: {
        "worker.exited": {},
        // Its endpoint is stopped: what still runs of it is to end.
        "worker.deactivate": { guard: "isManaged", target: "stopping", actions: "intendToHold" },
        // Still failed: it is told once.
        "worker.reported": { guard: { type: "saysFailed", params: ({ event }) => event } },
        "worker.replace": [
          {
            guard: "mayHelpToReboot",
            target: "rebooting",
            actions: { type: "intend", params: ({ event }) => event },
          },
          { guard: "isManaged", target: "destroying" },
        ],
      },
    },
    rebooting: {
      initial: "ending",
      entry: "countReboot",
      on: { "worker.reported": {}, "worker.exited": {} },
      states: {
        ending: {
          invoke: {
            id: "stop",
            src: "stop",
            input: ({ context }) => ({ id: context.id, memo: context.memo }),
            onDone: "backingOff",
            onError: {
              target: "#worker.error",
              actions: {
                type: "noteFailure",
                params: ({ event }) => ({ kind: "late", message: messageOf(event.error) }),
              },
            },
          },
        },
        backingOff: { after: { rebootBackOff: "#worker.starting" } },
      },
    },
    destroying: {
      on: { "worker.destroy": {}, "worker.reported": {}, "worker.exited": {} },
      invoke: {
        id: "destroy",
        src: "destroy",
        input: ({ context }) => ({ id: context.id, memo: context.memo }),
        onDone: "destroyed",
        // A provider that cannot destroy it has said why; it is not the engine's any more.
        onError: "destroyed",
      },
    },
    destroyed: { type: "final", entry: "tellGone" },
  },
});
