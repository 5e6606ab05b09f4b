/** The states of a worker's life, of which one is the current one. */
export const LIFECYCLE_STATES = [
  "loading",
  "benchmarking",
  "verifying",
  "ready",
  "errored",
  "draining",
  "stopped",
] as const;

/** One of {@link LIFECYCLE_STATES}. */
export type LifecycleState = (typeof LIFECYCLE_STATES)[number];

/** A queue at this moment. */
export interface QueueReading {
  /** No other queue of the worker has it. */
  readonly name: string;
  /** How many requests may run at once; `Infinity` for all. */
  readonly limit: number;
  readonly running: number;
  readonly waiting: number;
  /** Arrival, in milliseconds of `performance.now()`, of the request that waits longest; undefined when none waits. */
  readonly oldestAt: number | undefined;
}

/** Reports of one kind since the start. */
export interface ReportsReading {
  /** `status`: load and state of the worker. `ended`: requests that have ended. */
  readonly kind: "status" | "ended";
  /** Number of reports that the engine accepted. */
  readonly delivered: number;
  /** Number of attempts that failed; a report may need several. */
  readonly failed: number;
}

/** Spans of traces since the start. */
export interface SpanCounts {
  /** Taken by the collector. */
  readonly exported: number;
  /** Lost because the collector did not take them. */
  readonly dropped: number;
}

/** Workload since the start; it never gets less. */
export interface WorkloadReading {
  /** Admitted, with any outcome. */
  readonly received: number;
  /** Refused without being admitted. */
  readonly rejected: number;
  /** Admitted, and ended as a success. */
  readonly served: number;
  /** Admitted, and cancelled by the client. */
  readonly cancelled: number;
  /** Admitted, and ended as an error. */
  readonly errored: number;
}

/** State of the worker at the moment of a scrape. */
export interface MetricsReading {
  readonly state: LifecycleState;
  readonly queues: readonly QueueReading[];
  /** Workload of requests waiting or running and of session reservations. */
  readonly openLoad: number;
  /** Workload that a new request would wait for: of requests waiting or running, outside sessions. */
  readonly loadAhead: number;
  /** Capacity in workload per second as the benchmark measured it; undefined before. */
  readonly capacity: number | undefined;
  /** Number of open sessions. */
  readonly sessions: number;
  readonly workload: WorkloadReading;
  readonly reports: readonly ReportsReading[];
  /** Number of ended requests that are not reported to the engine yet. */
  readonly undelivered: number;
  /** Number of actors that died and were replaced since the start. */
  readonly replacedActors: number;
  /** Lines of the log that were lost since the start of the process, because their output took none. */
  readonly lostLogLines: number;
  /** Undefined where no traces are sent. */
  readonly spans?: SpanCounts | undefined;
  /** Number of lines of the model's log that looked like a failure while its health URL answered 200. */
  readonly dismissedLines: number;
}
