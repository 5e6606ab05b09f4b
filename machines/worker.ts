import type { ActorRefFrom } from "xstate";
import type { KeyHeld, ModelAwaited, ModelFailed } from "./events.js";
import { deadActor, messageOf, queueId, REPORTS, reporterId, workerSetup } from "./worker-setup.js";

/** The model's failure, in whatever state it strikes. */
const modelFailure = {
  target: "errored",
  actions: {
    type: "blameModel",
    params: ({ event }: { event: Pick<ModelFailed, "message"> }) => ({ message: event.message }),
  },
} as const;

/** The worker is not ready, and knows what it waits for. */
const noteAwaited = {
  actions: { type: "noteAwaited", params: ({ event }: { event: ModelAwaited }) => ({ seen: event.seen }) },
} as const;

/** The key is for the edge to check signatures with. */
const holdKey = {
  type: "holdKey",
  params: ({ event }: { event: KeyHeld }) => ({ pem: event.pem }),
} as const;

/** A model, key or reporter actor died: another one takes its place. */
const replaceActor = [
  "clearAway",
  {
    type: "startActors",
    params: ({ event }: { event: { readonly type: string } }) => ({ ids: [deadActor(event)] }),
  },
  "informReplacement",
] as const;

/** The sessions actor died: the edge is given another one, which knows none of the sessions. */
const replaceSessions = ["clearAway", "replaceSessions", "openSessions"] as const;

/**
 * The worker's lifecycle: `loading → benchmarking → verifying → ready`, `errored` and back, and
 * `draining → stopped`, in which first the requests end, then the sessions, then the reports. It owns all other
 * actors and replaces one that dies.
 *
 * @example
 * ```ts
 * const worker = createActor(workerMachine.provide({ actors: { edge, benchmark, key, model, reporter, sessions } }), { input });
 * worker.subscribe((snapshot) => console.log(snapshot.value));
 * worker.start();
 * ```
 */
export const workerMachine = workerSetup.createMachine({
  id: "worker",
  context: ({ input, spawn, self }) => {
    const edge = spawn("edge", { id: "edge", input: { worker: self } });
    return {
      ...input,
      edge,
      queueRefs: Object.fromEntries(
        input.queues.map(({ name, limit }) => [
          name,
          spawn("queue", { id: queueId(name), input: { limit, edge } }),
        ]),
      ),
      sessionsRef: spawn("sessions", { id: "sessions", input: { edge, worker: self } }),
      maxPerf: undefined,
      modelStarted: false,
      modelLoaded: false,
      healthy: false,
      key: input.secured ? "awaited" : "needless",
      waitsFor: undefined,
      dismissed: undefined,
      dismissals: 0,
      fault: undefined,
      loadtime: undefined,
      replaced: 0,
      flushed: 0,
    };
  },
  entry: [
    "openQueues",
    "openSessions",
    {
      type: "startActors",
      params: ({ context }) => ({
        ids: [...REPORTS.map(reporterId), "model", ...(context.secured ? ["key"] : [])],
      }),
    },
  ],
  initial: "loading",
  on: {
    "key.held": { actions: holdKey },
    "key.failed": { actions: "noteKeyFailed" },
    "model.started": { actions: "noteStarted" },
    "model.loaded": { actions: "noteLoaded" },
    "model.dismissed": {
      actions: { type: "noteDismissed", params: ({ event }) => ({ line: event.line }) },
    },
    "worker.drain": ".draining",
    "worker.abort": ".stopped",
    "xstate.error.actor.*": [
      {
        guard: "isBeyondRepair",
        target: ".stopped",
        actions: {
          type: "blame",
          params: ({ event }) => ({
            of: "actor",
            message: `actor ${deadActor(event)}: ${messageOf(event.error)}`,
          }),
        },
      },
      { guard: "isQueue", actions: ["clearAway", "replaceQueue"] },
      { guard: "isSessions", actions: replaceSessions },
      { actions: replaceActor },
    ],
  },
  states: {
    loading: {
      entry: "reportCondition",
      on: {
        "model.loaded": { target: "benchmarking", actions: "noteLoaded" },
        "model.failed": modelFailure,
        // Only after an error does the health URL speak before the model was seen to load.
        "model.healthy": { guard: "loadsByHealth", target: "benchmarking", actions: "noteHealthy" },
        "model.awaited": noteAwaited,
        "key.failed": { target: "errored", actions: ["noteKeyFailed", "blameKey"] },
      },
      after: { startTimeout: { target: "errored", actions: "blameSlowModel" } },
    },
    benchmarking: {
      entry: "reportCondition",
      invoke: {
        id: "benchmark",
        src: "benchmark",
        onDone: {
          target: "verifying",
          actions: { type: "noteCapacity", params: ({ event }) => ({ maxPerf: event.output }) },
        },
        onError: {
          target: "errored",
          actions: {
            type: "blame",
            params: ({ event }) => ({ of: "benchmark", message: messageOf(event.error) }),
          },
        },
      },
      on: { "model.failed": modelFailure, "model.awaited": noteAwaited },
    },
    verifying: {
      entry: ["reportCondition", "verifyModel"],
      always: [
        { guard: "isVerified", target: "ready" },
        { guard: "keyFailed", target: "errored", actions: "blameKey" },
      ],
      on: {
        "model.healthy": { actions: "noteHealthy" },
        "model.unhealthy": { actions: "noteUnhealthy" },
        "model.failed": modelFailure,
        "model.awaited": noteAwaited,
      },
      after: {
        healthDeadline: {
          guard: "lacksHealth",
          target: "errored",
          actions: {
            type: "blame",
            params: { of: "model", message: "the model's health URL did not answer 200 within 300 s" },
          },
        },
      },
    },
    ready: {
      entry: ["noteReady", "forgetAwaited", "serveModel", "openTraffic", "reportCondition"],
      on: {
        "model.failed": modelFailure,
        "model.unhealthy": modelFailure,
      },
    },
    errored: {
      entry: [
        { type: "tellEdge", params: { type: "traffic.closed", reason: "errored" } },
        "forgetAwaited",
        "suspectModel",
        "reportCondition",
      ],
      on: {
        "model.loaded": [
          { guard: "isBenchmarked", target: "verifying", actions: "noteLoaded" },
          { target: "benchmarking", actions: "noteLoaded" },
        ],
        "model.unhealthy": { actions: "noteUnhealthy" },
        "model.awaited": noteAwaited,
        "model.healthy": [
          // The model is as well as before; that it has loaded is for its log to say.
          { guard: "isStillLoading" },
          { guard: "isBenchmarked", target: "verifying", actions: "noteHealthy" },
          { target: "benchmarking", actions: "noteHealthy" },
        ],
        // A later failure of the model is the newer truth: what mends the key would not mend it.
        "model.failed": { ...modelFailure, reenter: true },
        "key.held": [
          { guard: "lacksTheKeyWhileLoading", target: "loading", actions: holdKey },
          { guard: "lacksTheKeyAfterBenchmark", target: "verifying", actions: holdKey },
          { actions: holdKey },
        ],
      },
      after: { benchmarkRetry: { guard: "isToBenchmarkAgain", target: "benchmarking" } },
    },
    draining: {
      entry: [
        { type: "tellEdge", params: { type: "traffic.closed", reason: "draining" } },
        "reportCondition",
      ],
      initial: "finishing",
      on: { "worker.drain": {} },
      states: {
        finishing: {
          on: { "traffic.drained": "closing" },
          after: { drainTimeout: { actions: { type: "tellEdge", params: { type: "traffic.aborted" } } } },
        },
        closing: {
          entry: "closeSessions",
          on: {
            "sessions.closed": "lingering",
            // The one that takes its place is told to close, too; having no sessions, it does so at once.
            "xstate.error.actor.*": {
              guard: "isSessionsToReplace",
              target: "closing",
              reenter: true,
              actions: replaceSessions,
            },
          },
          after: {
            closeTimeout: {
              target: "lingering",
              actions: { type: "tellEdge", params: { type: "sessions.aborted" } },
            },
          },
        },
        // The public port takes no more connections; what still comes over those that are open is refused.
        lingering: {
          invoke: { id: "linger", src: "linger", onDone: "reporting", onError: "reporting" },
          after: { lingerTime: "reporting" },
        },
        reporting: {
          entry: "flushReports",
          on: {
            "xstate.done.actor.*": [
              { guard: "wasLastReporter", target: "#worker.stopped" },
              { actions: "noteFlushed" },
            ],
            "xstate.error.actor.*": {
              guard: "isReporter",
              actions: [...replaceActor, "flushReplacement"],
            },
          },
          after: { flushTimeout: "#worker.stopped" },
        },
      },
    },
    stopped: { type: "final", entry: "abortAll" },
  },
  output: ({ context }) => ({ fault: context.fault }),
});

/** The worker's root actor. */
export type WorkerActor = ActorRefFrom<typeof workerMachine>;
