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
 * What tells that the model has loaded: a line of its log, its health URL, whichever of the two comes first, the
 * user's own `lifecycle.start`, or nothing where there is no model.
 */
export type Readiness = "log" | "health" | "either" | "lifecycle" | "none";

/** What the model actor reports to the worker. */
export type ModelNews =
  | ModelStarted
  | ModelLoaded
  | ModelFailed
  | ModelHealthy
  | ModelUnhealthy
  | ModelDismissed
  | ModelAwaited;

/** What the model actor is started with. */
export interface ModelInput {
  readonly worker: ActorRef<Snapshot<unknown>, ModelNews>;
  readonly readiness: Readiness;
  /** There is a log to read. */
  readonly hasLog: boolean;
  /** There is a health URL to ask. */
  readonly hasHealth: boolean;
  /** There is a model server to connect to. */
  readonly hasServer: boolean;
  /** The user's own code is to start the model. */
  readonly hasLifecycle: boolean;
  /** It has done so already, when an earlier model actor asked it to. */
  readonly isStarted: boolean;
  /** Milliseconds between two questions to the health URL of a model that has loaded. */
  readonly healthIntervalMs: number;
  /** Failures in a row that make a model unhealthy. */
  readonly failureThreshold: number;
}

/** How a probe failed. Its error carries it under `failure`; an error without it counts as `unhealthy`. */
export interface ProbeFailure {
  /**
   * - `refused`: no connection could be made.
   * - `timeout`: a connection, but no answer in time.
   * - `unhealthy`: another answer than 200, or a broken one.
   */
  readonly kind: "refused" | "timeout" | "unhealthy";
  /** Requests run, and the model has sent something since the last probe that succeeded. */
  readonly isAnswering: boolean;
  /** In a few words, such as `127.0.0.1:18000: connection refused`. */
  readonly seen: string;
}

/** A line of the log that looks like a failure. */
export interface Accusation {
  readonly line: string;
  readonly match: string;
}

/** The log accuses the model, and its health URL is to judge. Raised by the model for itself. */
export interface ModelAccused extends Accusation {
  readonly type: "model.accused";
}

/** What the model actor knows. */
export interface ModelContext extends ModelInput {
  /** It was reported that the model has loaded. */
  readonly isLoaded: boolean;
  /** The log said before this worker started that the model had loaded. */
  readonly wasLoaded: boolean;
  /** The line that is being examined. */
  readonly accusation: Accusation | undefined;
  /** Looks at the health URL since then that were good. */
  readonly goodLooks: number;
  /** Probes in a row that failed and count. */
  readonly failures: number;
  /** What was last seen of the model, such as `127.0.0.1:18000: connection refused`. */
  readonly seen: string | undefined;
  /** The worker is kept informed of it. */
  readonly isShown: boolean;
}

/** Longest part of a line that becomes an error message. */
const MESSAGE_LENGTH = 200;

/** What an error says. */
export const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** How a probe failed, by its error. */
export function failureOf(error: unknown): ProbeFailure {
  const { failure } = Object(error) as { readonly failure?: ProbeFailure };
  return failure ?? { kind: "unhealthy", isAnswering: false, seen: messageOf(error) };
}

export const newModelContext = (input: ModelInput): ModelContext => ({
  ...input,
  isLoaded: false,
  wasLoaded: false,
  accusation: undefined,
  goodLooks: 0,
  failures: 0,
  seen: undefined,
  isShown: false,
});

const notProvided = (name: string) => (): never => {
  throw new Error(`${name} is not provided`);
};

/** What the model's machine is made of: its actors, guards, actions and delays. When which is used, the machine says. */
export const modelSetup = setup({
  types: {} as {
    context: ModelContext;
    input: ModelInput;
    events: LogMatched | ConnectionLost | ModelVerify | ModelSuspect | ModelServe | ModelAccused;
  },
  actors: {
    tailLog: fromCallback(notProvided("tailLog")),
    /** Sends `connection.lost`. */
    watchConnections: fromCallback(notProvided("watchConnections")),
    /** Resolves when the health URL answers 200; where there is none, when the model's port accepts a connection. */
    probe: fromPromise<void>(async () => notProvided("probe")()),
    /** Resolves when a request that was in flight, or came later, has succeeded. */
    awaitSuccess: fromPromise<void>(async () => notProvided("awaitSuccess")()),
    /** What can be seen of a model without asking its health URL; undefined when nothing is missing. */
    lookAround: fromPromise<string | undefined, { readonly isLoaded: boolean }>(async () =>
      notProvided("lookAround")(),
    ),
    startLifecycle: fromPromise<void>(async () => notProvided("startLifecycle")()),
  },
  delays: {
    healthInterval: ({ context }) => context.healthIntervalMs,
    /** Between two looks at a model that the log accuses: less than 5 s. */
    recheckInterval: ({ context }) => Math.min(4000, context.healthIntervalMs),
    /** Between two attempts to connect to a model that requests lost. */
    confirmInterval: ({ context }) => Math.min(1000, context.healthIntervalMs),
    loadingInterval: 1000,
    /** A line that was there before the worker may be contradicted by one further down. */
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
    // Before it has started, its start is what leads the worker back.
    leadsBackByItself: ({ context: { readiness, isStarted } }) =>
      readiness === "none" || (readiness === "lifecycle" && isStarted),
    leadsBackThroughPort: ({ context: { readiness, isStarted, hasServer } }) =>
      (readiness === "none" || (readiness === "lifecycle" && isStarted)) && hasServer,
    mustStart: ({ context: { hasLifecycle, isStarted } }) => hasLifecycle && !isStarted,
    // Lines from before this worker started tell of loading only: of that which the log is to report, and not of
    // what happened after the model had loaded.
    isPast: ({ context: { wasLoaded, readiness } }, { stale }: { stale: boolean }) =>
      stale && (wasLoaded || readiness === "lifecycle" || readiness === "none"),
    isStale: (_, { stale }: { stale: boolean }) => stale,
    // Where there is no health URL, the benchmark waits until the port accepts connections.
    isNewsOfLoading: ({ context: { readiness, hasHealth } }, { stale }: { stale: boolean }) =>
      (readiness === "log" || readiness === "either") && !(stale && hasHealth),
    isFirst: ({ context: { readiness } }, { stale }: { stale: boolean }) => readiness === "either" && !stale,
    isStaleClaim: ({ context: { readiness } }, { stale }: { stale: boolean }) => stale && readiness === "log",
    isUnsuspected: ({ context }) => context.failures === 0,
    isSecondGoodLook: ({ context }) => context.goodLooks > 0,
    // Busy is not dead.
    isExcused: (_, { kind, isAnswering }: ProbeFailure) => kind === "timeout" && isAnswering,
    isTimeoutBelowThreshold: ({ context }, { kind }: ProbeFailure) =>
      kind === "timeout" && context.failures + 1 < context.failureThreshold,
    isBelowThreshold: ({ context }) => context.failures + 1 < context.failureThreshold,
    isTolerated: ({ context }, { kind, isAnswering }: ProbeFailure) =>
      !(kind === "refused" && !isAnswering) && context.failures + 1 < context.failureThreshold,
  },
  actions: {
    tell: sendTo(
      ({ context }) => context.worker,
      (_, news: ModelNews) => news,
    ),
    noteLoaded: assign({ isLoaded: true }),
    noteStarted: assign({ isStarted: true }),
    noteWasLoaded: assign({ wasLoaded: true }),
    startWatching: enqueueActions(({ context, enqueue }) => {
      if (context.hasLog) enqueue.spawnChild("tailLog", { id: "log" });
      if (context.hasServer) enqueue.spawnChild("watchConnections", { id: "connections" });
    }),
    accuse: assign((_, { line, match }: Accusation) => ({ accusation: { line, match }, goodLooks: 0 })),
    countGoodLook: assign({ goodLooks: ({ context }) => context.goodLooks + 1, failures: 0 }),
    countFailure: assign({ failures: ({ context }) => context.failures + 1 }),
    forgetFailures: assign({ failures: 0 }),
    dismissAccusation: sendTo(
      ({ context }) => context.worker,
      ({ context }): ModelDismissed => ({
        type: "model.dismissed",
        line: messageOfLine(context.accusation?.line),
      }),
    ),
    confirmAccusation: sendTo(
      ({ context }) => context.worker,
      ({ context }): ModelFailed => ({
        type: "model.failed",
        message: messageOfLine(context.accusation?.line),
      }),
    ),
    // Where there is no health URL to ask, what matched is the message.
    believeAccusation: sendTo(
      ({ context }) => context.worker,
      ({ context }): ModelFailed => ({ type: "model.failed", message: context.accusation?.match ?? "" }),
    ),
    see: enqueueActions(({ context, enqueue }, { seen }: { seen: string | undefined }) => {
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
