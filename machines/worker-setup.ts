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
  LedgerChanged,
  ModelAwaited,
  ReportKind,
  SessionsAborted,
  SessionsClosed,
  TrafficAborted,
  TrafficClosed,
  TrafficDrained,
  WorkerAbort,
  WorkerDrain,
} from "./events.js";
import { KEY_FAILED_MESSAGE, keyMachine } from "./key.js";
import { type ModelNews, modelMachine } from "./model.js";
import { queueLogic } from "./queue.js";
import { reporterMachine } from "./reporter.js";
import { sessionsLogic } from "./sessions.js";
import {
  conditionOf,
  type Fault,
  modelInputOf,
  type WorkerContext,
  type WorkerInput,
} from "./worker-context.js";
import { actorEndOf } from "./xstate-internals.js";

/** Deaths of actors after which the worker stops: replacing actors does not help. */
export const MAX_REPLACED = 10;

/** Message of whatever was thrown. */
export const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

const KEY_FAULT: Fault = { of: "key", message: KEY_FAILED_MESSAGE };

/** The kinds of reports, each of which has a reporter. */
export const REPORTS = ["status", "ended"] as const;

/** Id of a reporter's actor. */
export const reporterId = (kind: ReportKind) => `reporter.${kind}` as const;

/** Id of a queue's actor. */
export const queueId = (name: string) => `queue.${name}` as const;

const SESSIONS = "sessions";

/** Id of the actor that an `xstate.error.actor.*` event is about. */
export const deadActor = ({ type }: { readonly type: string }): string => actorEndOf(type)?.actor ?? "";

/** Kind of the reporter that died; undefined: another actor did. */
const reporterKind = (event: { readonly type: string }): ReportKind | undefined =>
  REPORTS.find((kind) => deadActor(event) === reporterId(kind));

/** Actors, guards, actions and delays of the worker's machine, which is in `worker.ts`. */
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
      | LedgerChanged
      | SessionsClosed
      | WorkerDrain
      | WorkerAbort
      | ErrorActorEvent
      | DoneActorEvent;
    children: {
      edge: "edge";
      sessions: "sessions";
      model: "model";
      key: "key";
      benchmark: "benchmark";
      linger: "linger";
      "reporter.status": "reporter";
      "reporter.ended": "reporter";
      [queue: `queue.${string}`]: "queue";
    };
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
      (context.key === "unused" || context.key === "held") && (!context.hasHealth || context.healthy),
    keyFailed: ({ context }) => context.key === "failed",
    lacksHealth: ({ context }) => context.hasHealth && !context.healthy,
    loadsByHealth: ({ context: { readiness } }) => readiness === "health" || readiness === "either",
    isStillLoading: ({ context: { readiness, modelLoaded, fault } }) =>
      !modelLoaded && (readiness === "lifecycle" || (readiness === "log" && fault?.of === "key")),
    // With a health URL, its next 200 leads out of `errored`.
    isToBenchmarkAgain: ({ context: { fault, hasHealth } }) => fault?.of === "benchmark" && !hasHealth,
    isBenchmarked: ({ context }) => context.maxPerf !== undefined,
    lacksTheKeyWhileLoading: ({ context }) => context.fault?.of === "key" && !context.modelLoaded,
    lacksTheKeyAfterBenchmark: ({ context }) => context.fault?.of === "key" && context.maxPerf !== undefined,
    isBeyondRepair: ({ context, event }) => deadActor(event) === "edge" || context.replaced >= MAX_REPLACED,
    isQueue: ({ context, event }) => context.queues.some(({ name }) => deadActor(event) === queueId(name)),
    isSessions: ({ event }) => deadActor(event) === SESSIONS,
    isSessionsToReplace: ({ context, event }) =>
      deadActor(event) === SESSIONS && context.replaced < MAX_REPLACED,
    isModel: ({ event }) => deadActor(event) === "model",
    isReporter: ({ event }) => reporterKind(event) !== undefined,
    isReporterToReplace: ({ context, event }) =>
      reporterKind(event) !== undefined && context.replaced < MAX_REPLACED,
    hasNoEngine: ({ context }) => context.reporters === undefined,
    wasLastReporter: ({ context }) => context.flushed + 1 === REPORTS.length,
  },
  actions: {
    startKey: enqueueActions(({ context, enqueue, self }) => {
      if (context.secured) enqueue.spawnChild("key", { id: "key", input: { worker: self } });
    }),
    openQueues: enqueueActions(({ context, enqueue }) => {
      for (const [queue, ref] of Object.entries(context.queueRefs)) {
        enqueue.sendTo(context.edge, { type: "queue.opened", queue, ref });
      }
    }),
    openSessions: sendTo(
      ({ context }) => context.edge,
      ({ context }) => ({ type: "sessions.opened", ref: context.sessionsRef }),
    ),
    removeDead: enqueueActions(({ context, enqueue, event }) => {
      enqueue.stopChild(deadActor(event));
      enqueue.assign({ replaced: context.replaced + 1 });
    }),
    replaceReporter: assign(({ context, event, spawn }) => {
      if (context.reporters === undefined) return {};
      const kind = reporterKind(event) ?? "status";
      const input = { kind, addresses: context.reportAddresses };
      return {
        reporters: { ...context.reporters, [kind]: spawn("reporter", { id: reporterId(kind), input }) },
      };
    }),
    // To report a load time twice is better than never.
    informReporter: enqueueActions(({ context, enqueue, event }) => {
      if (context.reporters === undefined) return;
      const { status, ended } = context.reporters;
      if (reporterKind(event) === "ended") enqueue.sendTo(ended, { type: "report.due" });
      else enqueue.sendTo(status, { type: "worker.changed", condition: conditionOf(context) });
    }),
    flushReplacement: enqueueActions(({ context, event, enqueue }) => {
      const reporter = context.reporters?.[reporterKind(event) ?? "status"];
      if (reporter !== undefined) enqueue.sendTo(reporter, { type: "report.flush" });
    }),
    replaceModel: assign({
      model: ({ context, self, spawn }) =>
        spawn("model", { id: "model", input: modelInputOf(context, self, context.modelStarted) }),
    }),
    informModel: enqueueActions(({ context: { model, maxPerf, fault, loadtime }, enqueue }) => {
      if (maxPerf === undefined && fault === undefined) return;
      enqueue.sendTo(model, { type: "model.suspect" });
      if (fault === undefined && loadtime !== undefined) enqueue.sendTo(model, { type: "model.serve" });
    }),
    replaceQueue: enqueueActions(({ context, enqueue, event }) => {
      const queue = context.queues.find(({ name }) => deadActor(event) === queueId(name));
      if (queue === undefined) return;
      enqueue.assign(({ spawn }) => {
        const ref = spawn("queue", {
          id: queueId(queue.name),
          input: { limit: queue.limit, order: queue.order, edge: context.edge },
        });
        context.edge.send({ type: "queue.opened", queue: queue.name, ref });
        return { queueRefs: { ...context.queueRefs, [queue.name]: ref } };
      });
    }),
    replaceSessions: assign({
      sessionsRef: ({ context, self, spawn }) =>
        spawn("sessions", { id: SESSIONS, input: { edge: context.edge, worker: self, now: context.now } }),
    }),
    closeSessions: sendTo(({ context }) => context.sessionsRef, { type: "sessions.close" }),
    notifyEdge: sendTo(
      ({ context }) => context.edge,
      (_, event: TrafficClosed | TrafficAborted | SessionsAborted) => event,
    ),
    abortAll: enqueueActions(({ context, enqueue }) => {
      // The edge's own death may be what stops the worker.
      if (context.edge.getSnapshot().status !== "active") return;
      enqueue.sendTo(context.edge, { type: "traffic.aborted" });
      enqueue.sendTo(context.edge, { type: "sessions.aborted" });
    }),
    openTraffic: sendTo(
      ({ context }) => context.edge,
      ({ context }) => ({ type: "traffic.opened", maxPerf: context.maxPerf ?? 0 }),
    ),
    reportCondition: enqueueActions(({ context, enqueue }) => {
      if (context.reporters === undefined) return;
      enqueue.sendTo(context.reporters.status, { type: "worker.changed", condition: conditionOf(context) });
    }),
    reportLedger: enqueueActions(({ context, enqueue }, { report }: Pick<LedgerChanged, "report">) => {
      if (context.reporters !== undefined) enqueue.sendTo(context.reporters[report], { type: "report.due" });
    }),
    flushReports: enqueueActions(({ context, enqueue }) => {
      if (context.reporters === undefined) return;
      for (const kind of REPORTS) enqueue.sendTo(context.reporters[kind], { type: "report.flush" });
    }),
    verifyModel: sendTo(({ context }) => context.model, { type: "model.verify" }),
    suspectModel: sendTo(({ context }) => context.model, { type: "model.suspect" }),
    serveModel: sendTo(({ context }) => context.model, { type: "model.serve" }),
    noteAwaited: enqueueActions(({ context, enqueue }, { seen }: Pick<ModelAwaited, "seen">) => {
      enqueue.assign({ waitsFor: seen });
      enqueue.sendTo(context.edge, { type: "traffic.awaited", seen });
    }),
    forgetAwaited: assign({ waitsFor: undefined }),
    noteDismissed: assign(({ context }, { line }: { line: string }) => ({
      dismissed: line,
      dismissals: context.dismissals + 1,
    })),
    noteFault: assign((_, fault: Fault) => ({ fault, healthy: false })),
    noteModelFault: assign((_, { message }: { message: string }) => ({
      fault: { of: "model" as const, message },
      healthy: false,
    })),
    noteKeyFault: assign({ fault: KEY_FAULT }),
    noteStartTimeout: assign(({ context: { startTimeoutMs, awaited } }) => ({
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
    useKey: enqueueActions(({ context, enqueue }, { pem }: { pem: string }) => {
      enqueue.assign({ key: "held" });
      enqueue.sendTo(context.edge, { type: "key.held", pem });
    }),
    noteKeyFailed: assign({ key: "failed" }),
    noteCapacity: assign((_, { maxPerf }: { maxPerf: number }) => ({ maxPerf })),
    noteDraining: assign({ isDraining: true }),
    noteFlushed: assign({ flushed: ({ context }) => context.flushed + 1 }),
    noteReady: assign(({ context }) => ({
      fault: undefined,
      loadtime: context.loadtime ?? (context.now() - context.startedAt) / 1000,
    })),
  },
});
