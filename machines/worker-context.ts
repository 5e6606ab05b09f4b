import type { ActorRef, ActorRefFrom } from "xstate";
import type { EdgeEvent, EdgeSnapshot } from "./edge.js";
import type { Condition } from "./events.js";
import type { Readiness } from "./model.js";
import type { QueueLogic } from "./queue.js";
import type { SessionsLogic } from "./sessions.js";

/** A queue to open: one per handler, or shared by name. */
export interface QueueDefinition {
  readonly name: string;
  /** How many requests may run at once; `Infinity` for all. */
  readonly limit: number;
}

/** What the worker actor is started with. */
export interface WorkerInput {
  /** Start of the process in milliseconds of `performance.now()`: the load time counts from here. */
  readonly startedAt: number;
  /** Signatures are checked, so the engine's public key is needed before the worker is ready. */
  readonly secured: boolean;
  readonly readiness: Readiness;
  readonly hasLog: boolean;
  readonly hasHealth: boolean;
  /** There is a model server to connect to. */
  readonly hasServer: boolean;
  /** Milliseconds between two questions to the health URL of a model that has loaded. */
  readonly healthIntervalMs: number;
  /** Failures of the health URL in a row that make the model unhealthy. */
  readonly failureThreshold: number;
  readonly queues: readonly QueueDefinition[];
  /** Base URLs of the engine. */
  readonly reportAddresses: readonly string[];
  /** The model is started by the user's own code. */
  readonly hasLifecycle: boolean;
  /** How long the model may load, in milliseconds. */
  readonly startTimeoutMs: number;
  /** What is waited for while the model loads, for the message when it does not come. */
  readonly awaited: string;
  /** How long admitted requests may go on after `worker.drain`, in milliseconds. */
  readonly drainTimeoutMs: number;
}

/** What is wrong, and whose fault it is: each is mended in its own way. */
export interface Fault {
  readonly of: "model" | "benchmark" | "key" | "actor";
  readonly message: string;
}

/** What the worker actor knows. */
export interface WorkerContext extends WorkerInput {
  readonly edge: ActorRef<EdgeSnapshot, EdgeEvent>;
  readonly queueRefs: Readonly<Record<string, ActorRefFrom<QueueLogic>>>;
  readonly sessionsRef: ActorRefFrom<SessionsLogic>;
  /** Workload per second; undefined until the benchmark is done. */
  readonly maxPerf: number | undefined;
  /** The user's own code has started the model. */
  readonly modelStarted: boolean;
  readonly modelLoaded: boolean;
  /** The health URL answered 200 since it was last in doubt. */
  readonly healthy: boolean;
  readonly key: "needless" | "awaited" | "held" | "failed";
  /** What was last seen of the model that is waited for; undefined when ready, and in the first seconds. */
  readonly waitsFor: string | undefined;
  /** The last line of the model's log that looked like a failure while the health URL answered 200. */
  readonly dismissed: string | undefined;
  /** Number of such lines. */
  readonly dismissals: number;
  /** What led to `errored`; kept until the worker is ready again. */
  readonly fault: Fault | undefined;
  /** Seconds from start to the first `ready`; undefined until then. */
  readonly loadtime: number | undefined;
  /** Number of actors that died and were replaced. */
  readonly replaced: number;
  /** Number of reporters that have delivered their last report. */
  readonly flushed: number;
}

/** What the engine is told of it. */
export const conditionOf = ({ maxPerf, fault, loadtime }: WorkerContext): Condition => ({
  maxPerf: maxPerf ?? 0,
  errorMsg: fault?.message ?? "",
  loadtime: loadtime ?? 0,
});
