import {
  type ActorLogic,
  type ActorRef,
  type ActorRefFrom,
  assign,
  type DoneActorEvent,
  type ErrorActorEvent,
  enqueueActions,
  fromPromise,
  type Snapshot,
  sendTo,
  setup,
} from "xstate";
import type {
  ClosedReason,
  Condition,
  KeyFailed,
  KeyHeld,
  QueueOpened,
  RequestGranted,
  TrafficAborted,
  TrafficClosed,
  TrafficDrained,
  TrafficOpened,
  WorkerAbort,
  WorkerChanged,
  WorkerDrain,
} from "./events.js";
import { KEY_FAILED_MESSAGE, keyMachine } from "./key.js";
import { type ModelNews, modelMachine, type Readiness } from "./model.js";
import { queueLogic } from "./queue.js";
import { type ReportKind, reporterMachine } from "./reporter.js";

/** A queue to open: one per handler, or shared by name. */
export interface QueueDefinition {
  readonly name: string;
  /** How many requests may run at once; `Infinity` for all. */
  readonly limit: number;
}

/** What the worker actor is started with. */
export interface WorkerInput {
  /** Epoch milliseconds of the process's start: the load time counts from here. */
  readonly startedAt: number;
  /** Signatures are checked, so the engine's public key is needed before the worker is ready. */
  readonly secured: boolean;
  readonly readiness: Readiness;
  readonly hasLog: boolean;
  readonly hasHealth: boolean;
  readonly queues: readonly QueueDefinition[];
  /** Base URLs of the engine. */
  readonly reportAddresses: readonly string[];
  /** How long admitted requests may go on after `worker.drain`, in milliseconds. */
  readonly drainTimeoutMs: number;
}

/** Events that the edge takes: it keeps the connections and answers them. */
export type EdgeEvent =
  | RequestGranted
  | QueueOpened
  | TrafficOpened
  | TrafficClosed
  | TrafficAborted
  | KeyHeld;

/** Whether requests are admitted. */
export type Traffic =
  | { readonly open: true; readonly maxPerf: number }
  | { readonly open: false; readonly reason: ClosedReason };

/** The edge's snapshot, for people to see. */
export type EdgeSnapshot = Snapshot<undefined> & {
  readonly context: {
    readonly traffic: Traffic;
    /** Number of admitted requests that have not ended. */
    readonly open: number;
  };
};

/** What the edge is started with. */
export interface EdgeInput {
  readonly worker: { send(event: TrafficDrained): void };
}

/** The edge as the runtime gives it. */
export interface EdgeLogic extends ActorLogic<EdgeSnapshot, EdgeEvent, EdgeInput> {}

const refuse = (): never => {
  throw new Error("edge is not provided");
};
const edgeNotProvided: EdgeLogic = {
  getInitialSnapshot: refuse,
  transition: refuse,
  getPersistedSnapshot: refuse,
};

/** What is wrong, and whose fault it is: each is mended in its own way. */
export interface Fault {
  readonly of: "model" | "benchmark" | "key" | "actor";
  readonly message: string;
}

/** What the worker actor knows. */
export interface WorkerContext extends WorkerInput {
  readonly edge: EdgeRef;
  readonly queueRefs: Readonly<Record<string, ActorRefFrom<typeof queueLogic>>>;
  /** Workload per second; undefined until the benchmark is done. */
  readonly maxPerf: number | undefined;
  readonly modelLoaded: boolean;
  /** The health URL answered 200 since it was last in doubt. */
  readonly healthy: boolean;
  readonly key: "needless" | "awaited" | "held" | "failed";
  /** What led to `errored`; kept until the worker is ready again. */
  readonly fault: Fault | undefined;
  /** Seconds from start to the first `ready`; undefined until then. */
  readonly loadtime: number | undefined;
  /** Number of actors that died and were replaced. */
  readonly replaced: number;
  /** Number of reporters that have delivered their last report. */
  readonly flushed: number;
}

type EdgeRef = ActorRef<EdgeSnapshot, EdgeEvent>;

/** Deaths of actors after which the worker gives up: something is wrong that a new actor does not mend. */
export const MAX_REPLACED = 10;

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

const KEY_FAULT: Fault = { of: "key", message: KEY_FAILED_MESSAGE };

const conditionOf = ({ maxPerf, fault, loadtime }: WorkerContext): Condition => ({
  maxPerf: maxPerf ?? 0,
  errorMsg: fault?.message ?? "",
  loadtime: loadtime ?? 0,
});

const REPORTS = ["status", "ended"] as const;

const reporterId = (kind: ReportKind): string => `reporter.${kind}`;

const queueId = (name: string): string => `queue.${name}`;

/** Id of the dead actor in an `xstate.error.actor.<id>` event. */
const deadActor = (event: { readonly type: string }): string =>
  event.type.slice("xstate.error.actor.".length);

/**
 * The worker's lifecycle: `loading → benchmarking → verifying → ready`, `errored` and back, and
 * `draining → stopped`. It owns all other actors and replaces one that dies.
 *
 * @example
 * ```ts
 * const worker = createActor(workerMachine.provide({ actors: { edge, benchmark, key, model, reporter } }), { input });
 * worker.subscribe((snapshot) => console.log(snapshot.value));
 * worker.start();
 * ```
 */
export const workerMachine = setup({
  types: {} as {
    context: WorkerContext;
    input: WorkerInput;
    output: { readonly fault: Fault | undefined };
    events:
      | ModelNews
      | KeyHeld
      | KeyFailed
      | TrafficDrained
      | WorkerDrain
      | WorkerAbort
      | ErrorActorEvent
      | DoneActorEvent;
  },
  actors: {
    edge: edgeNotProvided,
    queue: queueLogic,
    key: keyMachine,
    model: modelMachine,
    reporter: reporterMachine,
    benchmark: fromPromise<number>(() => Promise.reject(new Error("benchmark is not provided"))),
  },
  delays: {
    healthDeadline: 300_000,
    drainTimeout: ({ context }) => context.drainTimeoutMs,
    flushTimeout: 10_000,
  },
  guards: {
    isVerified: ({ context }) =>
      (context.key === "needless" || context.key === "held") && (!context.hasHealth || context.healthy),
    keyFailed: ({ context }) => context.key === "failed",
    lacksHealth: ({ context }) => context.hasHealth && !context.healthy,
    loadsByHealth: ({ context }) => context.readiness === "health",
    isStillLoading: ({ context }) =>
      context.readiness === "log" && !context.modelLoaded && context.fault?.of === "key",
    isBenchmarked: ({ context }) => context.maxPerf !== undefined,
    lacksTheKeyWhileLoading: ({ context }) => context.fault?.of === "key" && !context.modelLoaded,
    lacksTheKeyAfterBenchmark: ({ context }) => context.fault?.of === "key" && context.maxPerf !== undefined,
    isBeyondRepair: ({ context, event }) => deadActor(event) === "edge" || context.replaced >= MAX_REPLACED,
    isQueue: ({ context, event }) => context.queues.some(({ name }) => deadActor(event) === queueId(name)),
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
          enqueue.spawnChild("model", { id, input: { ...context, worker: self } });
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
    tellEdge: sendTo("edge", (_, event: TrafficClosed | TrafficAborted | KeyHeld) => event),
    abortTraffic: enqueueActions(({ context, enqueue }) => {
      // It may be the edge whose death stops the worker.
      if (context.edge.getSnapshot().status !== "active") return;
      enqueue.sendTo(context.edge, { type: "traffic.aborted" });
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
    blame: assign((_, fault: Fault) => ({ fault, healthy: false })),
    blameModel: assign((_, { message }: { message: string }) => ({
      fault: { of: "model" as const, message },
      healthy: false,
    })),
    blameKey: assign({ fault: KEY_FAULT }),
    noteLoaded: assign({ modelLoaded: true, healthy: false }),
    noteHealthy: assign({ modelLoaded: true, healthy: true }),
    noteUnhealthy: assign({ healthy: false }),
    noteKeyHeld: assign({ key: "held" }),
    noteKeyFailed: assign({ key: "failed" }),
    noteCapacity: assign((_, { maxPerf }: { maxPerf: number }) => ({ maxPerf })),
    noteFlushed: assign({ flushed: ({ context }) => context.flushed + 1 }),
    noteReady: assign(({ context }) => ({
      fault: undefined,
      loadtime: context.loadtime ?? (Date.now() - context.startedAt) / 1000,
    })),
  },
}).createMachine({
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
      maxPerf: undefined,
      modelLoaded: false,
      healthy: false,
      key: input.secured ? "awaited" : "needless",
      fault: undefined,
      loadtime: undefined,
      replaced: 0,
      flushed: 0,
    };
  },
  entry: [
    "openQueues",
    {
      type: "startActors",
      params: ({ context }) => ({
        ids: [...REPORTS.map(reporterId), "model", ...(context.secured ? ["key"] : [])],
      }),
    },
  ],
  initial: "loading",
  on: {
    "key.held": {
      actions: [
        "noteKeyHeld",
        { type: "tellEdge", params: ({ event }) => ({ type: "key.held", pem: event.pem }) },
      ],
    },
    "key.failed": { actions: "noteKeyFailed" },
    "model.loaded": { actions: "noteLoaded" },
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
      {
        actions: [
          "clearAway",
          { type: "startActors", params: ({ event }) => ({ ids: [deadActor(event)] }) },
          "informReplacement",
        ],
      },
    ],
  },
  states: {
    loading: {
      entry: "reportCondition",
      on: {
        "model.loaded": { target: "benchmarking", actions: "noteLoaded" },
        "model.failed": {
          target: "errored",
          actions: { type: "blameModel", params: ({ event }) => event },
        },
        // Only after an error does the health URL speak before the model was seen to load.
        "model.healthy": { guard: "loadsByHealth", target: "benchmarking", actions: "noteHealthy" },
        "key.failed": { target: "errored", actions: ["noteKeyFailed", "blameKey"] },
      },
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
      on: {
        "model.failed": {
          target: "errored",
          actions: { type: "blameModel", params: ({ event }) => event },
        },
      },
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
        "model.failed": {
          target: "errored",
          actions: { type: "blameModel", params: ({ event }) => event },
        },
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
      entry: ["noteReady", "openTraffic", "reportCondition"],
      on: {
        "model.failed": {
          target: "errored",
          actions: { type: "blameModel", params: ({ event }) => event },
        },
        "model.unhealthy": {
          target: "errored",
          actions: { type: "blameModel", params: ({ event }) => event },
        },
      },
    },
    errored: {
      entry: [
        { type: "tellEdge", params: { type: "traffic.closed", reason: "errored" } },
        "suspectModel",
        "reportCondition",
      ],
      on: {
        "model.loaded": [
          { guard: "isBenchmarked", target: "verifying", actions: "noteLoaded" },
          { target: "benchmarking", actions: "noteLoaded" },
        ],
        "model.unhealthy": { actions: "noteUnhealthy" },
        "model.healthy": [
          // The model is as well as before; that it has loaded is for its log to say.
          { guard: "isStillLoading" },
          { guard: "isBenchmarked", target: "verifying", actions: "noteHealthy" },
          { target: "benchmarking", actions: "noteHealthy" },
        ],
        // A later failure of the model is the newer truth: what mends the key would not mend it.
        "model.failed": {
          target: "errored",
          reenter: true,
          actions: { type: "blameModel", params: ({ event }) => event },
        },
        "key.held": [
          {
            guard: "lacksTheKeyWhileLoading",
            target: "loading",
            actions: ["noteKeyHeld", { type: "tellEdge", params: ({ event }) => event }],
          },
          {
            guard: "lacksTheKeyAfterBenchmark",
            target: "verifying",
            actions: ["noteKeyHeld", { type: "tellEdge", params: ({ event }) => event }],
          },
          { actions: ["noteKeyHeld", { type: "tellEdge", params: ({ event }) => event }] },
        ],
      },
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
          on: { "traffic.drained": "reporting" },
          after: { drainTimeout: { actions: { type: "tellEdge", params: { type: "traffic.aborted" } } } },
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
              actions: [
                "clearAway",
                { type: "startActors", params: ({ event }) => ({ ids: [deadActor(event)] }) },
                "informReplacement",
                "flushReplacement",
              ],
            },
          },
          after: { flushTimeout: "#worker.stopped" },
        },
      },
    },
    stopped: { type: "final", entry: "abortTraffic" },
  },
  output: ({ context }) => ({ fault: context.fault }),
});

/** The worker's root actor. */
export type WorkerActor = ActorRefFrom<typeof workerMachine>;
