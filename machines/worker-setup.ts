import {
  assign,
  type DoneActorEvent,
  type ErrorActorEvent,
  enqueueActions,
  fromPromise,
  sendTo,
  setup,
} from "xstate";
import { edgeNotProvided } from "./edge.js";
import type {
  KeyFailed,
  KeyHeld,
  ModelAwaited,
  SessionsAborted,
  SessionsClose,
  SessionsClosed,
  SessionsOpened,
  TrafficAborted,
  TrafficAwaited,
  TrafficClosed,
  TrafficDrained,
  TrafficOpened,
  WorkerAbort,
  WorkerChanged,
  WorkerDrain,
} from "./events.js";
import { KEY_FAILED_MESSAGE, keyMachine } from "./key.js";
import { type ModelNews, modelMachine } from "./model.js";
import { queueLogic } from "./queue.js";
import { type ReportKind, reporterMachine } from "./reporter.js";
import { sessionsLogic } from "./sessions.js";
import { conditionOf, type Fault, type WorkerContext, type WorkerInput } from "./worker-context.js";

/** Deaths of actors after which the worker gives up: something is wrong that a new actor does not mend. */
export const MAX_REPLACED = 10;

/** What an error says. */
export const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

const KEY_FAULT: Fault = { of: "key", message: KEY_FAILED_MESSAGE };

/** The kinds of reports, each of which has its reporter. */
export const REPORTS = ["status", "ended"] as const;

/** Id of a reporter's actor. */
export const reporterId = (kind: ReportKind): string => `reporter.${kind}`;

/** Id of a queue's actor. */
export const queueId = (name: string): string => `queue.${name}`;

const SESSIONS = "sessions";

/** Id of the dead actor in an `xstate.error.actor.<id>` event. */
export const deadActor = (event: { readonly type: string }): string =>
  event.type.slice("xstate.error.actor.".length);

/** What the worker's machine is made of: its actors, guards, actions and delays. When which is used, the machine says. */
export const workerSetup = setup({
  types: {} as {
    context: WorkerContext;
    input: WorkerInput;
    output: { readonly fault: Fault | undefined };
    events:
      | ModelNews
      | KeyHeld
      | KeyFailed
      | TrafficDrained
      | SessionsClosed
      | WorkerDrain
      | WorkerAbort
      | ErrorActorEvent
      | DoneActorEvent;
  },
  actors: {
    edge: edgeNotProvided,
    queue: queueLogic,
    sessions: sessionsLogic(),
    key: keyMachine,
    model: modelMachine,
    reporter: reporterMachine,
    benchmark: fromPromise<number>(() => Promise.reject(new Error("benchmark is not provided"))),
    linger: fromPromise<void>(() => Promise.reject(new Error("linger is not provided"))),
  },
  delays: {
    startTimeout: ({ context }) => context.startTimeoutMs,
    healthDeadline: 300_000,
    benchmarkRetry: 10_000,
    drainTimeout: ({ context }) => context.drainTimeoutMs,
    // 2 s more than a session's `onClose` has.
    closeTimeout: 12_000,
    lingerTime: 600,
    flushTimeout: 10_000,
  },
  guards: {
    isVerified: ({ context }) =>
      (context.key === "needless" || context.key === "held") && (!context.hasHealth || context.healthy),
    keyFailed: ({ context }) => context.key === "failed",
    lacksHealth: ({ context }) => context.hasHealth && !context.healthy,
    loadsByHealth: ({ context: { readiness } }) => readiness === "health" || readiness === "either",
    isStillLoading: ({ context: { readiness, modelLoaded, fault } }) =>
      !modelLoaded && (readiness === "lifecycle" || (readiness === "log" && fault?.of === "key")),
    // Where there is a health URL, its next 200 leads back.
    isToBenchmarkAgain: ({ context: { fault, hasHealth } }) => fault?.of === "benchmark" && !hasHealth,
    isBenchmarked: ({ context }) => context.maxPerf !== undefined,
    lacksTheKeyWhileLoading: ({ context }) => context.fault?.of === "key" && !context.modelLoaded,
    lacksTheKeyAfterBenchmark: ({ context }) => context.fault?.of === "key" && context.maxPerf !== undefined,
    isBeyondRepair: ({ context, event }) => deadActor(event) === "edge" || context.replaced >= MAX_REPLACED,
    isQueue: ({ context, event }) => context.queues.some(({ name }) => deadActor(event) === queueId(name)),
    isSessions: ({ event }) => deadActor(event) === SESSIONS,
    isSessionsToReplace: ({ context, event }) =>
      deadActor(event) === SESSIONS && context.replaced < MAX_REPLACED,
    isReporter: ({ context, event }) =>
      REPORTS.some((kind) => deadActor(event) === reporterId(kind)) && context.replaced < MAX_REPLACED,
    wasLastReporter: ({ context }) => context.flushed + 1 === REPORTS.length,
  },
  actions: {
    startActors: enqueueActions(({ context, enqueue, self }, { ids }: { ids: readonly string[] }) => {
      for (const id of ids) {
        const kind = REPORTS.find((report) => id === reporterId(report));
        if (kind !== undefined) {
          enqueue.spawnChild("reporter", { id, input: { kind, addresses: context.reportAddresses } });
        } else if (id === "model") {
          const { readiness, hasLog, hasHealth, hasServer, hasLifecycle, modelStarted: isStarted } = context;
          const { healthIntervalMs, failureThreshold } = context;
          enqueue.spawnChild("model", {
            id,
            input: {
              worker: self,
              readiness,
              hasLog,
              hasHealth,
              hasServer,
              hasLifecycle,
              isStarted,
              healthIntervalMs,
              failureThreshold,
            },
          });
        } else if (id === "key") {
          enqueue.spawnChild("key", { id, input: { worker: self } });
        }
      }
    }),
    openQueues: enqueueActions(({ context, enqueue }) => {
      for (const [queue, ref] of Object.entries(context.queueRefs)) {
        enqueue.sendTo(context.edge, { type: "queue.opened", queue, ref });
      }
    }),
    openSessions: sendTo(
      "edge",
      ({ context }) => ({ type: "sessions.opened", ref: context.sessionsRef }) satisfies SessionsOpened,
    ),
    clearAway: enqueueActions(({ context, enqueue, event }) => {
      enqueue.stopChild(deadActor(event));
      enqueue.assign({ replaced: context.replaced + 1 });
    }),
    // A replacement was not told what its predecessor knew. A load time told twice is better than one never told.
    informReplacement: enqueueActions(({ context, enqueue, event }) => {
      const id = deadActor(event);
      if (id === reporterId("status")) {
        enqueue.sendTo(id, { type: "worker.changed", condition: conditionOf(context) });
      } else if (id === reporterId("ended")) {
        enqueue.sendTo(id, { type: "report.due" });
      } else if (id === "model" && (context.maxPerf !== undefined || context.fault !== undefined)) {
        enqueue.sendTo(id, { type: "model.suspect" });
        if (context.fault === undefined && context.loadtime !== undefined) {
          enqueue.sendTo(id, { type: "model.serve" });
        }
      }
    }),
    flushReplacement: enqueueActions(({ enqueue, event }) => {
      enqueue.sendTo(deadActor(event), { type: "report.flush" });
    }),
    replaceQueue: enqueueActions(({ context, enqueue, event }) => {
      const queue = context.queues.find(({ name }) => deadActor(event) === queueId(name));
      if (queue === undefined) return;
      enqueue.assign(({ spawn }) => {
        const ref = spawn("queue", {
          id: queueId(queue.name),
          input: { limit: queue.limit, edge: context.edge },
        });
        context.edge.send({ type: "queue.opened", queue: queue.name, ref });
        return { queueRefs: { ...context.queueRefs, [queue.name]: ref } };
      });
    }),
    replaceSessions: assign({
      sessionsRef: ({ context, self, spawn }) =>
        spawn("sessions", { id: SESSIONS, input: { edge: context.edge, worker: self } }),
    }),
    closeSessions: sendTo(SESSIONS, { type: "sessions.close" } satisfies SessionsClose),
    tellEdge: sendTo("edge", (_, event: TrafficClosed | TrafficAborted | SessionsAborted) => event),
    abortAll: enqueueActions(({ context, enqueue }) => {
      // It may be the edge whose death stops the worker.
      if (context.edge.getSnapshot().status !== "active") return;
      enqueue.sendTo(context.edge, { type: "traffic.aborted" });
      enqueue.sendTo(context.edge, { type: "sessions.aborted" });
    }),
    openTraffic: sendTo(
      "edge",
      ({ context }) => ({ type: "traffic.opened", maxPerf: context.maxPerf ?? 0 }) satisfies TrafficOpened,
    ),
    reportCondition: sendTo(
      "reporter.status",
      ({ context }) => ({ type: "worker.changed", condition: conditionOf(context) }) satisfies WorkerChanged,
    ),
    flushReports: enqueueActions(({ enqueue }) => {
      for (const kind of REPORTS) enqueue.sendTo(reporterId(kind), { type: "report.flush" });
    }),
    verifyModel: sendTo("model", { type: "model.verify" }),
    suspectModel: sendTo("model", { type: "model.suspect" }),
    serveModel: sendTo("model", { type: "model.serve" }),
    noteAwaited: enqueueActions(({ enqueue }, { seen }: Pick<ModelAwaited, "seen">) => {
      enqueue.assign({ waitsFor: seen });
      enqueue.sendTo("edge", { type: "traffic.awaited", seen } satisfies TrafficAwaited);
    }),
    forgetAwaited: assign({ waitsFor: undefined }),
    noteDismissed: assign(({ context }, { line }: { line: string }) => ({
      dismissed: line,
      dismissals: context.dismissals + 1,
    })),
    blame: assign((_, fault: Fault) => ({ fault, healthy: false })),
    blameModel: assign((_, { message }: { message: string }) => ({
      fault: { of: "model" as const, message },
      healthy: false,
    })),
    blameKey: assign({ fault: KEY_FAULT }),
    blameSlowModel: assign(({ context: { startTimeoutMs, awaited } }) => ({
      fault: {
        of: "model" as const,
        message: `the model did not load within ${startTimeoutMs / 1000} s: waited for ${awaited}`,
      },
      healthy: false,
    })),
    noteStarted: assign({ modelStarted: true }),
    noteLoaded: assign({ modelLoaded: true, healthy: false }),
    noteHealthy: assign({ modelLoaded: true, healthy: true }),
    noteUnhealthy: assign({ healthy: false }),
    holdKey: enqueueActions(({ enqueue }, { pem }: { pem: string }) => {
      enqueue.assign({ key: "held" });
      enqueue.sendTo("edge", { type: "key.held", pem } satisfies KeyHeld);
    }),
    noteKeyFailed: assign({ key: "failed" }),
    noteCapacity: assign((_, { maxPerf }: { maxPerf: number }) => ({ maxPerf })),
    noteFlushed: assign({ flushed: ({ context }) => context.flushed + 1 }),
    noteReady: assign(({ context }) => ({
      fault: undefined,
      loadtime: context.loadtime ?? (performance.now() - context.startedAt) / 1000,
    })),
  },
});
