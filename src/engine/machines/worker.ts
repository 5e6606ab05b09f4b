import { assign, cancel, enqueueActions, fromPromise, raise, sendTo, setup } from "xstate";
import type {
  Failure,
  Memo,
  ReportedCondition,
  WorkerCall,
  WorkerChanged,
  WorkerEvent,
  WorkerFacts,
  WorkerInput,
  WorkerNotice,
} from "./worker-events.js";

export interface WorkerContext extends WorkerFacts, Pick<WorkerInput, "timeouts" | "group"> {
  /** Reboots since it was last ready for a minute. */
  readonly reboots: number;
}

/** Reboots in a row after which a failed worker is destroyed. */
const MAX_REBOOTS = 2;
/** Milliseconds of service after which earlier reboots no longer count. */
const STEADY_MS = 60_000;
/** Milliseconds before the first reboot; doubled for each further one. */
const REBOOT_MS = 1000;

const SILENCE = "silence";

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

const isToBeHeld = ({ origin, purpose }: WorkerFacts): boolean =>
  origin !== "announced" && purpose === "inactive";

const failed = (kind: Failure["kind"]) => ({
  type: "fail" as const,
  params: ({ event }: { readonly event: { readonly error: unknown } }): Failure => ({
    kind,
    message: messageOf(event.error),
  }),
});

const keepMemo = {
  type: "update" as const,
  params: ({ event }: { readonly event: { readonly output: Memo } }) => ({ memo: event.output }),
};

const changed = ({ id, status, origin, purpose, memo, failure }: WorkerFacts): WorkerChanged => ({
  type: "worker.changed",
  worker: { id, status, origin, purpose, memo, failure },
});

/**
 * One worker as the engine manages it, with states named as on the wire. A provider creates, starts, stops and destroys
 * it; everything else comes from its reports.
 */
export const engineWorkerMachine = setup({
  types: {} as {
    context: WorkerContext;
    input: WorkerInput;
    events: WorkerEvent | { readonly type: "silence.ended" };
    children: { create: "create"; start: "start"; stop: "stop"; destroy: "destroy" };
  },
  actors: {
    create: fromPromise<Memo, WorkerCall>(() => Promise.reject(new Error("create is not provided"))),
    start: fromPromise<Memo, WorkerCall>(() => Promise.reject(new Error("start is not provided"))),
    stop: fromPromise<void, WorkerCall>(() => Promise.reject(new Error("stop is not provided"))),
    destroy: fromPromise<void, WorkerCall>(() => Promise.reject(new Error("destroy is not provided"))),
  },
  delays: {
    silent: ({ context }) => context.timeouts.silentMs,
    late: ({ context }) => context.timeouts.startMs,
    rebootBackOff: ({ context }) => REBOOT_MS * 2 ** Math.max(0, context.reboots - 1),
    steady: STEADY_MS,
  },
  guards: {
    isAnnounced: ({ context }) => context.origin === "announced",
    isManaged: ({ context }) => context.origin !== "announced",
    wasRunning: ({ context }) => context.origin === "running",
    wasHeld: ({ context }) => context.origin === "held",
    isToServe: ({ context }) => context.purpose === "active",
    isToBeHeld: ({ context }) => isToBeHeld(context),
    mayHelpToReboot: ({ context }) =>
      context.origin !== "announced" &&
      context.failure?.kind !== "notCreated" &&
      context.failure?.kind !== "silent" &&
      context.reboots < MAX_REBOOTS,
    reports: (_, { report, condition }: { report: ReportedCondition; condition: string }) =>
      report.condition === condition,
  },
  actions: {
    /** Changes the context, and reports that to the group. */
    update: enqueueActions(
      ({ context, enqueue }, part: Partial<Pick<WorkerFacts, "status" | "purpose" | "memo">>) => {
        enqueue.assign(part);
        enqueue.sendTo(context.group, changed({ ...context, ...part }));
      },
    ),
    fail: assign((_, failure: Failure) => ({ failure })),
    countReboot: assign({ reboots: ({ context }) => context.reboots + 1 }),
    forgetReboots: assign({ reboots: 0 }),
    awaitReport: raise({ type: "silence.ended" }, { id: SILENCE, delay: "silent" }),
    awaitNoReport: cancel(SILENCE),
    notify: sendTo(
      ({ context }) => context.group,
      ({ context: { id } }, { type }: { type: "worker.served" | "worker.lasted" | "worker.gone" }) =>
        ({ type, id }) satisfies WorkerNotice,
    ),
    notifyFailed: sendTo(
      ({ context }) => context.group,
      ({ context: { id, failure } }) =>
        ({
          type: "worker.failed",
          id,
          failure: failure ?? { kind: "errored", message: "unknown" },
        }) satisfies WorkerNotice,
    ),
  },
}).createMachine({
  id: "worker",
  context: ({ input }) => ({
    ...input,
    memo: input.memo,
    status: "pending",
    failure: undefined,
    reboots: 0,
  }),
  initial: "pending",
  on: {
    "worker.activate": { actions: { type: "update", params: { purpose: "active" } } },
    "worker.deactivate": {
      guard: "isManaged",
      actions: { type: "update", params: { purpose: "inactive" } },
    },
    // The engine cannot take away a worker that announced itself: it only forgets it.
    "worker.destroy": [{ guard: "isManaged", target: ".destroying" }, { target: ".destroyed" }],
    "worker.exited": {
      target: ".error",
      actions: { type: "fail", params: ({ event }) => ({ kind: "exited", message: event.message }) },
    },
    "worker.reported": [
      {
        guard: { type: "reports", params: ({ event }) => ({ ...event, condition: "failed" }) },
        target: ".error",
        actions: {
          type: "fail",
          params: ({ event: { report } }) => ({
            kind: "errored",
            message: report.condition === "failed" ? report.message : "",
          }),
        },
      },
      {
        guard: { type: "reports", params: ({ event }) => ({ ...event, condition: "ready" }) },
        target: ".running.idle",
      },
      {
        guard: { type: "reports", params: ({ event }) => ({ ...event, condition: "measured" }) },
        target: ".running.model_loading",
      },
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
      entry: { type: "update", params: { status: "creating" } },
      on: { "worker.reported": {} },
      invoke: {
        id: "create",
        src: "create",
        input: ({ context }) => ({ id: context.id, memo: context.memo }),
        onDone: { target: "created", actions: keepMemo },
        onError: { target: "error", actions: failed("notCreated") },
      },
    },
    created: {
      entry: { type: "update", params: { status: "created" } },
      after: {
        late: {
          target: "error",
          actions: { type: "fail", params: { kind: "late", message: "no report since it was created" } },
        },
      },
    },
    starting: {
      entry: { type: "update", params: { status: "starting" } },
      initial: "calling",
      states: {
        calling: {
          on: { "worker.reported": {} },
          invoke: {
            id: "start",
            src: "start",
            input: ({ context }) => ({ id: context.id, memo: context.memo }),
            onDone: { target: "waiting", actions: keepMemo },
            onError: { target: "#worker.error", actions: failed("late") },
          },
        },
        waiting: {
          after: {
            late: {
              target: "#worker.error",
              actions: { type: "fail", params: { kind: "late", message: "no report since it was started" } },
            },
          },
        },
      },
    },
    running: {
      initial: "loading",
      entry: "awaitReport",
      exit: "awaitNoReport",
      on: {
        "silence.ended": {
          target: "error",
          actions: {
            type: "fail",
            params: ({ context }) => ({
              kind: "silent",
              message: `no report for ${context.timeouts.silentMs / 1000} s`,
            }),
          },
        },
      },
      states: {
        loading: { entry: { type: "update", params: { status: "loading" } } },
        model_loading: { entry: { type: "update", params: { status: "model_loading" } } },
        idle: {
          entry: [
            {
              type: "update",
              // Passed through before `stopping`, this state is not reported.
              params: ({ context }) => (isToBeHeld(context) ? {} : { status: "idle" }),
            },
            { type: "notify", params: { type: "worker.served" } },
          ],
          always: { guard: "isToBeHeld", target: "#worker.stopping" },
          on: {
            "worker.reported": {
              guard: { type: "reports", params: ({ event }) => ({ ...event, condition: "ready" }) },
              actions: ["awaitNoReport", "awaitReport"],
            },
          },
          after: {
            steady: { actions: ["forgetReboots", { type: "notify", params: { type: "worker.lasted" } }] },
          },
        },
      },
    },
    stopping: {
      entry: { type: "update", params: { status: "stopping" } },
      // Its reports change nothing while its last requests end.
      on: { "worker.reported": {}, "worker.exited": {} },
      invoke: {
        id: "stop",
        src: "stop",
        input: ({ context }) => ({ id: context.id, memo: context.memo }),
        onDone: [{ guard: "isToServe", target: "starting" }, { target: "stopped" }],
        onError: { target: "error", actions: failed("errored") },
      },
    },
    stopped: {
      entry: { type: "update", params: { status: "stopped" } },
      on: {
        "worker.activate": {
          target: "starting",
          actions: { type: "update", params: { purpose: "active" } },
        },
        "worker.reported": {},
        "worker.exited": {},
      },
    },
    error: {
      entry: [{ type: "update", params: { status: "error" } }, "notifyFailed"],
      on: {
        "worker.exited": {},
        // Its endpoint was stopped: whatever still runs of it has to end.
        "worker.deactivate": {
          guard: "isManaged",
          target: "stopping",
          actions: { type: "update", params: { purpose: "inactive" } },
        },
        // A failure that lasts is reported once.
        "worker.reported": {
          guard: { type: "reports", params: ({ event }) => ({ ...event, condition: "failed" }) },
        },
        "worker.replace": [
          {
            guard: "mayHelpToReboot",
            target: "rebooting",
            actions: { type: "update", params: ({ event }) => ({ purpose: event.purpose }) },
          },
          { guard: "isManaged", target: "destroying" },
        ],
      },
    },
    rebooting: {
      initial: "ending",
      entry: [{ type: "update", params: { status: "rebooting" } }, "countReboot"],
      on: { "worker.reported": {}, "worker.exited": {} },
      states: {
        ending: {
          invoke: {
            id: "stop",
            src: "stop",
            input: ({ context }) => ({ id: context.id, memo: context.memo }),
            onDone: "backingOff",
            onError: { target: "#worker.error", actions: failed("late") },
          },
        },
        backingOff: { after: { rebootBackOff: "#worker.starting" } },
      },
    },
    destroying: {
      entry: { type: "update", params: { status: "destroying" } },
      on: { "worker.destroy": {}, "worker.reported": {}, "worker.exited": {} },
      invoke: {
        id: "destroy",
        src: "destroy",
        input: ({ context }) => ({ id: context.id, memo: context.memo }),
        onDone: "destroyed",
        // The engine manages it no more, even if the provider could not destroy it.
        onError: "destroyed",
      },
    },
    destroyed: { type: "final", entry: { type: "notify", params: { type: "worker.gone" } } },
  },
});
