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
  ConnectionLost,
  LogMatched,
  ModelAwaited,
  ModelDismissed,
  ModelFailed,
  ModelHealthy,
  ModelLoaded,
  ModelServe,
  ModelStarted,
  ModelSuspect,
  ModelUnhealthy,
  ModelVerify,
} from "./events.js";

/**
 * The evidence that the model has loaded: a line of its log, its health URL, whichever of the two comes first, the
 * user's own `lifecycle.start`, or none where there is no model.
 */
export type Readiness = "log" | "health" | "either" | "lifecycle" | "none";

/** Events that the model actor sends to the worker. */
export type ModelNews =
  | ModelStarted
  | ModelLoaded
  | ModelFailed
  | ModelHealthy
  | ModelUnhealthy
  | ModelDismissed
  | ModelAwaited;

/** Input of the model actor. */
export interface ModelInput {
  readonly worker: ActorRef<Snapshot<unknown>, ModelNews>;
  readonly readiness: Readiness;
  /** There is a log to read. */
  readonly hasLog: boolean;
  /** There is a health URL to probe. */
  readonly hasHealth: boolean;
  /** There is a model server to connect to. */
  readonly hasServer: boolean;
  /** The user's own code starts the model. */
  readonly hasLifecycle: boolean;
  /** It has done so already, called by an earlier model actor. */
  readonly isStarted: boolean;
  /** Milliseconds between two probes of the health URL of a model that has loaded. */
  readonly healthIntervalMs: number;
  /** Failures in a row that make a model unhealthy. */
  readonly failureThreshold: number;
}

/** How a probe failed: the property `failure` of its error. An error without it counts as `unhealthy`. */
export interface ProbeFailure {
  /**
   * - `refused`: no connection could be made.
   * - `timeout`: a connection, but no answer in time.
   * - `unhealthy`: another answer than 200, or a broken one.
   */
  readonly kind: "refused" | "timeout" | "unhealthy";
  /** Requests run, and the model has sent data since the last successful probe. */
  readonly isAnswering: boolean;
  /** In a few words, such as `127.0.0.1:18000: connection refused`. */
  readonly seen: string;
}

/** A line of the log that matched `onError`. */
export interface FailureLine {
  readonly line: string;
  readonly match: string;
}

/** A line of the log reported a failure, which the health URL has to confirm. Raised by the model for itself. */
export interface FailureLogged extends FailureLine {
  readonly type: "failure.logged";
}

/** State of the model actor. */
export interface ModelContext extends ModelInput {
  /** It was reported that the model has loaded. */
  readonly isLoaded: boolean;
  /** The log reported that the model has loaded, maybe before this worker started. */
  readonly wasLoaded: boolean;
  /** The line that is being examined. */
  readonly failureLine: FailureLine | undefined;
  /** Successful probes of the health URL since then. */
  readonly goodProbes: number;
  /** Probes in a row that failed, without those that are excused. */
  readonly failures: number;
  /** Last observation of the model, such as `127.0.0.1:18000: connection refused`. */
  readonly seen: string | undefined;
  /** Observations are reported to the worker. */
  readonly isShown: boolean;
}

/** Longest part of a line that becomes an error message. */
const MESSAGE_LENGTH = 200;

/** Message of whatever was thrown. */
export const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

export function failureOf(error: unknown): ProbeFailure {
  const { failure } = Object(error) as { readonly failure?: ProbeFailure };
  return failure ?? { kind: "unhealthy", isAnswering: false, seen: messageOf(error) };
}

export const newModelContext = (input: ModelInput): ModelContext => ({
  ...input,
  isLoaded: false,
  wasLoaded: false,
  failureLine: undefined,
  goodProbes: 0,
  failures: 0,
  seen: undefined,
  isShown: false,
});

/** Parameters of the machine's most frequent actions. */
export const loaded = { type: "report", params: { type: "model.loaded" } } as const;
export const healthy = { type: "report", params: { type: "model.healthy" } } as const;
export const noteSeenFailure = {
  type: "noteSeen",
  params: ({ event }: { readonly event: { readonly error: unknown } }) => ({
    seen: failureOf(event.error).seen,
  }),
} as const;

const notProvided = (name: string) => (): never => {
  throw new Error(`${name} is not provided`);
};

/** Actors, guards, actions and delays of the model's machine, which is in `model.ts`. */
export const modelSetup = setup({
  types: {} as {
    context: ModelContext;
    input: ModelInput;
    events: LogMatched | ConnectionLost | ModelVerify | ModelSuspect | ModelServe | FailureLogged;
  },
  actors: {
    tailLog: fromCallback(notProvided("tailLog")),
    /** Sends `connection.lost`. */
    watchConnections: fromCallback(notProvided("watchConnections")),
    /** Resolves when the health URL answers 200; without one, when the model's port accepts a connection. */
    probe: fromPromise<void>(async () => notProvided("probe")()),
    /** Resolves when a request that was in flight, or came later, has succeeded. */
    awaitSuccess: fromPromise<void>(async () => notProvided("awaitSuccess")()),
    /** Observation of a model without probing its health URL; undefined when nothing is missing. */
    lookAround: fromPromise<string | undefined, { readonly isLoaded: boolean }>(async () =>
      notProvided("lookAround")(),
    ),
    startLifecycle: fromPromise<void>(async () => notProvided("startLifecycle")()),
  },
  delays: {
    healthInterval: ({ context }) => context.healthIntervalMs,
    /** Between two probes of a model whose log reported a failure: less than 5 s. */
    recheckInterval: ({ context }) => Math.min(4000, context.healthIntervalMs),
    /** Between two attempts to connect to a model that requests lost. */
    confirmInterval: ({ context }) => Math.min(1000, context.healthIntervalMs),
    loadingInterval: 1000,
    /** A line from before the worker's start may be contradicted by a later one. */
    settleTime: 2000,
    viewDelay: 5000,
    viewInterval: 5000,
    lifecycleRetry: 10_000,
  },
  guards: {
    hasHealth: ({ context }) => context.hasHealth,
    lacksHealth: ({ context }) => !context.hasHealth,
    loadsByHealth: ({ context: { readiness } }) => readiness === "health" || readiness === "either",
    loadsByLifecycle: ({ context: { readiness } }) => readiness === "lifecycle",
    needsLoading: ({ context: { readiness } }) => readiness !== "none",
    // Until it has started, its start is what leads the worker back.
    leadsBackByItself: ({ context: { readiness, isStarted } }) =>
      readiness === "none" || (readiness === "lifecycle" && isStarted),
    leadsBackThroughPort: ({ context: { readiness, isStarted, hasServer } }) =>
      (readiness === "none" || (readiness === "lifecycle" && isStarted)) && hasServer,
    mustStart: ({ context: { hasLifecycle, isStarted } }) => hasLifecycle && !isStarted,
    // Lines from before this worker's start count only if the log is the evidence of loading, and only until the model
    // has loaded.
    isPast: ({ context: { wasLoaded, readiness } }, { stale }: { stale: boolean }) =>
      stale && (wasLoaded || readiness === "lifecycle" || readiness === "none"),
    isStale: (_, { stale }: { stale: boolean }) => stale,
    // Without a health URL, the benchmark waits until the port accepts connections.
    isNewsOfLoading: ({ context: { readiness, hasHealth } }, { stale }: { stale: boolean }) =>
      (readiness === "log" || readiness === "either") && !(stale && hasHealth),
    isFirst: ({ context: { readiness } }, { stale }: { stale: boolean }) => readiness === "either" && !stale,
    isStaleClaim: ({ context: { readiness } }, { stale }: { stale: boolean }) => stale && readiness === "log",
    isUnsuspected: ({ context }) => context.failures === 0,
    isSecondGoodProbe: ({ context }) => context.goodProbes > 0,
    // A model that sends data to requests is busy and not dead.
    isExcused: (_, { kind, isAnswering }: ProbeFailure) => kind === "timeout" && isAnswering,
    isTimeoutBelowThreshold: ({ context }, { kind }: ProbeFailure) =>
      kind === "timeout" && context.failures + 1 < context.failureThreshold,
    isBelowThreshold: ({ context }) => context.failures + 1 < context.failureThreshold,
    isTolerated: ({ context }, { kind, isAnswering }: ProbeFailure) =>
      !(kind === "refused" && !isAnswering) && context.failures + 1 < context.failureThreshold,
  },
  actions: {
    report: sendTo(
      ({ context }) => context.worker,
      (_, event: ModelNews) => event,
    ),
    noteLoaded: assign({ isLoaded: true }),
    noteStarted: assign({ isStarted: true }),
    noteWasLoaded: assign({ wasLoaded: true }),
    startWatching: enqueueActions(({ context, enqueue }) => {
      if (context.hasLog) enqueue.spawnChild("tailLog", { id: "log" });
      if (context.hasServer) enqueue.spawnChild("watchConnections", { id: "connections" });
    }),
    noteFailureLine: assign((_, { line, match }: FailureLine) => ({
      failureLine: { line, match },
      goodProbes: 0,
    })),
    countGoodProbe: assign({ goodProbes: ({ context }) => context.goodProbes + 1, failures: 0 }),
    countFailure: assign({ failures: ({ context }) => context.failures + 1 }),
    forgetFailures: assign({ failures: 0 }),
    reportDismissed: sendTo(
      ({ context }) => context.worker,
      ({ context }): ModelDismissed => ({
        type: "model.dismissed",
        line: messageOfLine(context.failureLine?.line),
      }),
    ),
    reportLoggedFailure: sendTo(
      ({ context }) => context.worker,
      ({ context }): ModelFailed => ({
        type: "model.failed",
        message: messageOfLine(context.failureLine?.line),
      }),
    ),
    // Without a health URL the match is the message.
    reportMatch: sendTo(
      ({ context }) => context.worker,
      ({ context }): ModelFailed => ({ type: "model.failed", message: context.failureLine?.match ?? "" }),
    ),
    noteSeen: enqueueActions(({ context, enqueue }, { seen }: { seen: string | undefined }) => {
      if (seen === context.seen) return;
      enqueue.assign({ seen });
      if (context.isShown) enqueue.sendTo(context.worker, { type: "model.awaited", seen });
    }),
    forgetSeen: assign({ seen: undefined }),
    show: enqueueActions(({ context, enqueue }) => {
      enqueue.assign({ isShown: true });
      if (context.seen === undefined) return;
      enqueue.sendTo(context.worker, { type: "model.awaited", seen: context.seen });
    }),
    hide: assign({ isShown: false }),
  },
});

const messageOfLine = (line = ""): string => line.trim().slice(0, MESSAGE_LENGTH);
