import {
  type ActorRef,
  assign,
  enqueueActions,
  fromCallback,
  fromPromise,
  type Snapshot,
  sendTo,
  setup,
} from "xstate";
import type {
  LogMatched,
  ModelFailed,
  ModelHealthy,
  ModelLoaded,
  ModelStarted,
  ModelSuspect,
  ModelUnhealthy,
  ModelVerify,
} from "./events.js";

/**
 * What tells that the model has loaded: a line of its log, its health URL, whichever of the two comes first, the
 * user's own `lifecycle.start`, or nothing where there is no model.
 */
export type Readiness = "log" | "health" | "either" | "lifecycle" | "none";

/** What the model actor tells the worker. */
export type ModelNews = ModelStarted | ModelLoaded | ModelFailed | ModelHealthy | ModelUnhealthy;

/** What the model actor is started with. */
export interface ModelInput {
  readonly worker: ActorRef<Snapshot<unknown>, ModelNews>;
  readonly readiness: Readiness;
  /** There is a log to read. */
  readonly hasLog: boolean;
  /** There is a health URL to ask. */
  readonly hasHealth: boolean;
  /** The user's own code is to start the model. */
  readonly hasLifecycle: boolean;
  /** It has done so already, when an earlier model actor asked it to. */
  readonly isStarted: boolean;
}

const message = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/**
 * Watches the model from outside: its log while the worker lives, and its health URL from the moment the
 * worker asks for it. Where the user's own code starts the model, it has it do so, again and again until it did.
 */
export const modelMachine = setup({
  types: {} as {
    context: ModelInput;
    input: ModelInput;
    events: LogMatched | ModelVerify | ModelSuspect;
  },
  actors: {
    tailLog: fromCallback(() => {
      throw new Error("tailLog is not provided");
    }),
    probeHealth: fromPromise<void>(() => Promise.reject(new Error("probeHealth is not provided"))),
    startLifecycle: fromPromise<void>(() => Promise.reject(new Error("startLifecycle is not provided"))),
  },
  delays: { healthInterval: 10_000, loadingInterval: 1000, lifecycleRetry: 10_000 },
  guards: {
    hasLog: ({ context }) => context.hasLog,
    hasHealth: ({ context }) => context.hasHealth,
    loadsByLog: ({ context: { readiness } }) => readiness === "log" || readiness === "either",
    loadsByHealth: ({ context: { readiness } }) => readiness === "health" || readiness === "either",
    loadsByLifecycle: ({ context: { readiness } }) => readiness === "lifecycle",
    needsNoLoading: ({ context: { readiness } }) => readiness === "none",
    // Before it has started, its start is what leads the worker back.
    isStartedUnwatched: ({ context: { readiness, isStarted } }) => readiness === "lifecycle" && isStarted,
    mustStart: ({ context: { hasLifecycle, isStarted } }) => hasLifecycle && !isStarted,
  },
  actions: {
    tell: sendTo(
      ({ context }) => context.worker,
      (_, news: ModelNews) => news,
    ),
    noteStarted: assign({ isStarted: true }),
    tailLog: enqueueActions(({ context, enqueue }) => {
      if (context.hasLog) enqueue.spawnChild("tailLog", { id: "log" });
    }),
  },
}).createMachine({
  id: "model",
  context: ({ input }) => input,
  type: "parallel",
  entry: "tailLog",
  states: {
    log: {
      on: {
        "log.loaded": { guard: "loadsByLog", actions: { type: "tell", params: { type: "model.loaded" } } },
        "log.failed": {
          actions: { type: "tell", params: ({ event }) => ({ type: "model.failed", message: event.match }) },
        },
      },
    },
    health: {
      initial: "deciding",
      on: {
        "model.verify": { guard: "hasHealth", target: ".probing" },
        "model.suspect": [
          { guard: "hasHealth", target: ".waiting" },
          { guard: "needsNoLoading", target: ".pausing" },
          { guard: "isStartedUnwatched", target: ".pausing" },
        ],
      },
      states: {
        deciding: {
          always: [
            { guard: "loadsByHealth", target: "awaiting" },
            {
              guard: "needsNoLoading",
              target: "waiting",
              actions: { type: "tell", params: { type: "model.loaded" } },
            },
            { target: "unasked" },
          ],
        },
        unasked: {},
        awaiting: {
          initial: "probing",
          // The log was faster: its line has told what the first 200 would tell.
          on: { "log.loaded": { guard: "loadsByLog", target: "unasked" } },
          states: {
            probing: {
              invoke: {
                id: "firstProbe",
                src: "probeHealth",
                onDone: {
                  target: "#model.health.waiting",
                  actions: { type: "tell", params: { type: "model.loaded" } },
                },
                onError: "waiting",
              },
            },
            waiting: { after: { loadingInterval: "probing" } },
          },
        },
        probing: {
          invoke: {
            id: "probe",
            src: "probeHealth",
            onDone: { target: "waiting", actions: { type: "tell", params: { type: "model.healthy" } } },
            onError: {
              target: "waiting",
              actions: {
                type: "tell",
                params: ({ event }) => ({ type: "model.unhealthy", message: message(event.error) }),
              },
            },
          },
        },
        waiting: { after: { healthInterval: { guard: "hasHealth", target: "probing" } } },
        // Nobody else would lead the worker back.
        pausing: {
          after: {
            healthInterval: {
              target: "waiting",
              actions: { type: "tell", params: { type: "model.loaded" } },
            },
          },
        },
      },
    },
    lifecycle: {
      initial: "deciding",
      states: {
        deciding: { always: [{ guard: "mustStart", target: "starting" }, { target: "idle" }] },
        starting: {
          invoke: {
            id: "startLifecycle",
            src: "startLifecycle",
            onDone: [
              {
                guard: "loadsByLifecycle",
                target: "idle",
                actions: [
                  "noteStarted",
                  { type: "tell", params: { type: "model.started" } },
                  { type: "tell", params: { type: "model.loaded" } },
                ],
              },
              {
                target: "idle",
                actions: ["noteStarted", { type: "tell", params: { type: "model.started" } }],
              },
            ],
            onError: {
              target: "failed",
              actions: {
                type: "tell",
                params: ({ event }) => ({
                  type: "model.failed",
                  message: `lifecycle.start failed: ${message(event.error)}`,
                }),
              },
            },
          },
        },
        failed: { after: { lifecycleRetry: "starting" } },
        idle: {},
      },
    },
  },
});
