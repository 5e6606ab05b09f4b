import type { ActorRef, ActorRefFrom } from "xstate";
import type { EdgeEvent, EdgeSnapshot } from "./edge.js";
import type { Condition, ReportKind } from "./events.js";
import type { ModelInput, modelMachine, Readiness } from "./model.js";
import type { QueueLogic, QueueOrder } from "./queue.js";
import type { reporterMachine } from "./reporter.js";
import type { SessionsLogic } from "./sessions.js";

/** A queue to open: one per handler, or shared by name. */
export interface QueueDefinition {
  readonly name: string;
  /** How many requests may run at once; `Infinity` for all. */
  readonly limit: number;
  /** @default "fifo" */
  readonly order?: QueueOrder | undefined;
}

/** Input of the worker actor. */
export interface WorkerInput {
  /** Milliseconds of a monotonic clock. */
  readonly now: () => number;
  /** Start of the process on that clock: the load time counts from here. */
  readonly startedAt: number;
  /** Signatures are checked, so the engine's public key is needed before the worker is ready. */
  readonly secured: boolean;
  readonly readiness: Readiness;
  readonly hasLog: boolean;
  readonly hasHealth: boolean;
  /** There is a model server to connect to. */
  readonly hasServer: boolean;
  /** Milliseconds between two probes of the health URL of a model that has loaded. */
  readonly healthIntervalMs: number;
  /** Failures of the health URL in a row that make the model unhealthy. */
  readonly failureThreshold: number;
  readonly queues: readonly QueueDefinition[];
  /** Base URLs of the engine; empty without one, then there are no reporters. */
  readonly reportAddresses: readonly string[];
  /** The model is started by the user's own code. */
  readonly hasLifecycle: boolean;
  /** How long the model may load, in milliseconds. */
  readonly startTimeoutMs: number;
  /** What the worker waits for while the model loads, for the error message when it does not happen. */
  readonly awaited: string;
  /** How long admitted requests may continue after `worker.drain`, in milliseconds. */
  readonly drainTimeoutMs: number;
}

/** An error and its origin, which determines what leads out of `errored`. */
export interface Fault {
  readonly of: "model" | "benchmark" | "key" | "actor";
  readonly message: string;
}

/** State of the worker actor. */
export interface WorkerContext extends WorkerInput {
  readonly edge: ActorRef<EdgeSnapshot, EdgeEvent>;
  readonly queueRefs: Readonly<Record<string, ActorRefFrom<QueueLogic>>>;
  readonly sessionsRef: ActorRefFrom<SessionsLogic>;
  readonly model: ActorRefFrom<typeof modelMachine>;
  /** Undefined without an engine. */
  readonly reporters: Readonly<Record<ReportKind, ActorRefFrom<typeof reporterMachine>>> | undefined;
  /** Workload per second; undefined until the benchmark is done. */
  readonly maxPerf: number | undefined;
  /** The user's own code has started the model. */
  readonly modelStarted: boolean;
  readonly modelLoaded: boolean;
  /** The health URL answered 200 since it last failed or the model last loaded. */
  readonly healthy: boolean;
  readonly key: "unused" | "awaited" | "held" | "failed";
  /** Last observation of a model that has not loaded; undefined when ready, and in the first seconds. */
  readonly waitsFor: string | undefined;
  /** The last line of the model's log that matched `onError` while the health URL answered 200. */
  readonly dismissed: string | undefined;
  /** Number of such lines. */
  readonly dismissals: number;
  /** The cause of `errored`; kept until the worker is ready again. */
  readonly fault: Fault | undefined;
  /** Seconds from start to the first `ready`; undefined until then. */
  readonly loadtime: number | undefined;
  /** It takes no more requests, and ends. */
  readonly isDraining: boolean;
  /** Number of actors that died and were replaced. */
  readonly replaced: number;
  /** Number of reporters that have delivered their last report. */
  readonly flushed: number;
}

/** The part of the worker's state that status reports contain. */
export const conditionOf = ({ maxPerf, fault, loadtime, isDraining }: WorkerContext): Condition => ({
  // Without capacity it gets no requests from the engine, which would take its last report for that of a ready worker.
  maxPerf: isDraining ? 0 : (maxPerf ?? 0),
  errorMsg: fault?.message ?? "",
  loadtime: loadtime ?? 0,
});

/** @param worker receives the model's events. */
export const modelInputOf = (
  { readiness, hasLog, hasHealth, hasServer, hasLifecycle, healthIntervalMs, failureThreshold }: WorkerInput,
  worker: ModelInput["worker"],
  isStarted: boolean,
): ModelInput => ({
  worker,
  readiness,
  hasLog,
  hasHealth,
  hasServer,
  hasLifecycle,
  isStarted,
  healthIntervalMs,
  failureThreshold,
});
