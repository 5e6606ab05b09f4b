import type { ActorRefFrom } from "xstate";
import type { KeyHeld, ModelAwaited, ModelFailed, ReportKind } from "./events.js";
import { modelInputOf } from "./worker-context.js";
import { deadActor, messageOf, queueId, reporterId, workerSetup } from "./worker-setup.js";

const modelFailure = {
  target: "errored",
  actions: {
    type: "noteModelFault",
    params: ({ event }: { event: Pick<ModelFailed, "message"> }) => ({ message: event.message }),
  },
} as const;

const noteAwaited = {
  actions: { type: "noteAwaited", params: ({ event }: { event: ModelAwaited }) => ({ seen: event.seen }) },
} as const;

const useKey = {
  type: "useKey",
  params: ({ event }: { event: KeyHeld }) => ({ pem: event.pem }),
} as const;

/** The edge receives another sessions actor, which has none of the sessions. */
const replaceSessions = ["removeDead", "replaceSessions", "openSessions"] as const;

const replaceReporter = ["removeDead", "replaceReporter", "informReporter"] as const;

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
    const { now, reportAddresses: addresses } = input;
    const reporter = (kind: ReportKind) =>
      spawn("reporter", { id: reporterId(kind), input: { kind, addresses } });
    return {
      ...input,
      edge,
      queueRefs: Object.fromEntries(
        input.queues.map(({ name, limit, order }) => [
          name,
          spawn("queue", { id: queueId(name), input: { limit, order, edge } }),
        ]),
      ),
      sessionsRef: spawn("sessions", { id: "sessions", input: { edge, worker: self, now } }),
      reporters:
        addresses.length === 0 ? undefined : { status: reporter("status"), ended: reporter("ended") },
      model: spawn("model", { id: "model", input: modelInputOf(input, self, false) }),
      maxPerf: undefined,
      modelStarted: false,
      modelLoaded: false,
      healthy: false,
      key: input.secured ? "awaited" : "unused",
      waitsFor: undefined,
      dismissed: undefined,
      dismissals: 0,
      fault: undefined,
      loadtime: undefined,
      isDraining: false,
      replaced: 0,
      flushed: 0,
    };
  },
  entry: ["openQueues", "openSessions", "startKey"],
  initial: "loading",
  on: {
    "key.held": { actions: useKey },
    "key.failed": { actions: "noteKeyFailed" },
    "ledger.changed": {
      actions: { type: "reportLedger", params: ({ event }) => ({ report: event.report }) },
    },
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
          type: "noteFault",
          params: ({ event }) => ({
            of: "actor",
            message: `actor ${deadActor(event)}: ${messageOf(event.error)}`,
          }),
        },
      },
      { guard: "isQueue", actions: ["removeDead", "replaceQueue"] },
      { guard: "isSessions", actions: replaceSessions },
      { guard: "isReporter", actions: replaceReporter },
      { guard: "isModel", actions: ["removeDead", "replaceModel", "informModel"] },
      // The key's.
      { actions: ["removeDead", "startKey"] },
    ],
  },
  states: {
    loading: {
      entry: "reportCondition",
      on: {
        "model.loaded": { target: "benchmarking", actions: "noteLoaded" },
        "model.failed": modelFailure,
        // Only after an error is the health URL probed before the model has loaded.
        "model.healthy": { guard: "loadsByHealth", target: "benchmarking", actions: "noteHealthy" },
        "model.awaited": noteAwaited,
        "key.failed": { target: "errored", actions: ["noteKeyFailed", "noteKeyFault"] },
      },
      after: { startTimeout: { target: "errored", actions: "noteStartTimeout" } },
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
            type: "noteFault",
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
        { guard: "keyFailed", target: "errored", actions: "noteKeyFault" },
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
            type: "noteFault",
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
        { type: "notifyEdge", params: { type: "traffic.closed", reason: "errored" } },
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
          // The model is healthy, but only its log or its lifecycle shows that it has loaded.
          { guard: "isStillLoading" },
          { guard: "isBenchmarked", target: "verifying", actions: "noteHealthy" },
          { target: "benchmarking", actions: "noteHealthy" },
        ],
        // A later failure of the model takes precedence: a key would not lead out of it.
        "model.failed": { ...modelFailure, reenter: true },
        "key.held": [
          { guard: "lacksTheKeyWhileLoading", target: "loading", actions: useKey },
          { guard: "lacksTheKeyAfterBenchmark", target: "verifying", actions: useKey },
          { actions: useKey },
        ],
      },
      after: { benchmarkRetry: { guard: "isToBenchmarkAgain", target: "benchmarking" } },
    },
    draining: {
      entry: [
        { type: "notifyEdge", params: { type: "traffic.closed", reason: "draining" } },
        "noteDraining",
        "reportCondition",
      ],
      initial: "finishing",
      on: { "worker.drain": {} },
      states: {
        finishing: {
          on: { "traffic.drained": "closing" },
          after: { drainTimeout: { actions: { type: "notifyEdge", params: { type: "traffic.aborted" } } } },
        },
        closing: {
          entry: "closeSessions",
          on: {
            "sessions.closed": "lingering",
            // Its replacement receives `sessions.close`, too; it has no sessions, so it closes at once.
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
              actions: { type: "notifyEdge", params: { type: "sessions.aborted" } },
            },
          },
        },
        // The public port accepts no more connections; requests over open ones are refused.
        lingering: {
          invoke: { id: "linger", src: "linger", onDone: "reporting", onError: "reporting" },
          after: { lingerTime: "reporting" },
        },
        reporting: {
          entry: "flushReports",
          always: { guard: "hasNoEngine", target: "#worker.stopped" },
          on: {
            "xstate.done.actor.*": [
              { guard: "wasLastReporter", target: "#worker.stopped" },
              { actions: "noteFlushed" },
            ],
            "xstate.error.actor.*": {
              guard: "isReporterToReplace",
              actions: [...replaceReporter, "flushReplacement"],
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
