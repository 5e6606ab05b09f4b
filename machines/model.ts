import {
  type ActorRef,
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
  ModelSuspect,
  ModelUnhealthy,
  ModelVerify,
} from "./events.js";

/** What tells that the model has loaded: a line of its log, its health URL, or nothing where there is no model. */
export type Readiness = "log" | "health" | "none";

/** What the model actor tells the worker. */
export type ModelNews = ModelLoaded | ModelFailed | ModelHealthy | ModelUnhealthy;

/** What the model actor is started with. */
export interface ModelInput {
  readonly worker: ActorRef<Snapshot<unknown>, ModelNews>;
  readonly readiness: Readiness;
  /** There is a log to read. */
  readonly hasLog: boolean;
  /** There is a health URL to ask. */
  readonly hasHealth: boolean;
}

const message = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/**
 * Watches the model from outside: its log while the worker lives, and its health URL from the moment the
 * worker asks for it.
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
  },
  delays: { healthInterval: 10_000, loadingInterval: 1000 },
  guards: {
    hasLog: ({ context }) => context.hasLog,
    hasHealth: ({ context }) => context.hasHealth,
    loadsByHealth: ({ context }) => context.readiness === "health",
    needsNoLoading: ({ context }) => context.readiness === "none",
    loadsByLog: ({ context }) => context.readiness === "log",
  },
  actions: {
    tell: sendTo(
      ({ context }) => context.worker,
      (_, news: ModelNews) => news,
    ),
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
      initial: "unasked",
      on: {
        "model.verify": { guard: "hasHealth", target: ".probing", reenter: true },
        "model.suspect": [
          { guard: "hasHealth", target: ".waiting", reenter: true },
          { guard: "needsNoLoading", target: ".pausing", reenter: true },
        ],
      },
      states: {
        unasked: {
          always: [
            { guard: "loadsByHealth", target: "awaiting" },
            {
              guard: "needsNoLoading",
              target: "waiting",
              actions: { type: "tell", params: { type: "model.loaded" } },
            },
          ],
        },
        awaiting: {
          initial: "probing",
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
        // Nobody else would lead a worker without a model server back.
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
  },
});
