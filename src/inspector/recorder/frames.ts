import type { Outcome } from "../../../machines/events.js";
import type { Chart } from "../chart/chart.js";
import type { StateValue } from "../chart/state-value.js";

export type { StateValue };

/**
 * What the inspector shows, as it travels: to the page and the command line packed with msgpackr, one frame per message
 * of a WebSocket; into a recording as JSON, one frame per line. All of it is plain data that JSON holds, too. Times are
 * epoch milliseconds, durations milliseconds, both with fractions.
 *
 * A feed begins with one {@link Hello}, and a {@link Tick} follows every 100 ms in which something happened, once a
 * second at least. A recording is the same: one hello, then ticks.
 */
export type Frame = Hello | Tick;

/** The first frame: everything up to now. */
export interface Hello {
  readonly type: "hello";
  /** Version of the frames' format; a reader of another version reports it. */
  readonly format: 1;
  /** Version of tsworker. */
  readonly version: string;
  /** The worker's public URL. */
  readonly url: string;
  readonly startedAt: number;
  /** The worker's clock when this was sent. */
  readonly at: number;
  /** Of every kind of machine, by {@link ActorRow.kind}. Actors that are no machines have none. */
  readonly charts: Readonly<Record<string, Chart>>;
  /** Actors that are alive, parents before their children. */
  readonly actors: readonly ActorRow[];
  /** Actors that are alive beyond the 2,000 in a hello. */
  readonly actorsLeftOut: number;
  /** The kept records, oldest first. */
  readonly records: readonly InspectRecord[];
  /** One sample per second of the last 10 minutes, oldest first. */
  readonly samples: readonly Sample[];
  readonly lanes: readonly LaneView[];
  readonly timers: readonly TimerView[];
}

/** What happened since the previous frame. */
export interface Tick {
  readonly type: "tick";
  readonly at: number;
  /** Actors that changed or are new. */
  readonly actors: readonly ActorRow[];
  /** References of actors that ended. */
  readonly gone: readonly string[];
  /** Actors that are alive beyond the 2,000 in a hello. */
  readonly actorsLeftOut: number;
  readonly records: readonly InspectRecord[];
  /**
   * Events that were not recorded since the frame before, by the actor's reference: more came than can be shown. Errors
   * count as the worker's.
   */
  readonly leftOut: Readonly<Record<string, number>>;
  /** Once a second. */
  readonly sample?: Sample;
  /** All lanes; undefined where none has changed. */
  readonly lanes?: readonly LaneView[];
  /** All timers; undefined where none has changed. */
  readonly timers?: readonly TimerView[];
}

/** Plain data of bounded depth and size; what was left out, and what is no plain data, is described by text. */
export type SafeValue =
  | null
  | boolean
  | number
  | string
  | readonly SafeValue[]
  | { readonly [key: string]: SafeValue };

export type ActorStatus = "active" | "done" | "error" | "stopped";

/** An actor as it is now. */
export interface ActorRow {
  /** Unique within the worker process: an actor that takes the place of another has one of its own. */
  readonly ref: string;
  /** Such as `worker`, `queue.default`, `session.abc`. */
  readonly id: string;
  /** Undefined: the root. */
  readonly parent: string | undefined;
  readonly kind: ActorKind;
  readonly status: ActorStatus;
  /** Undefined: no machine. */
  readonly state: StateValue | undefined;
  /** When it came into this state. */
  readonly since: number;
  /** Events that it has received so far, recorded or not. */
  readonly events: number;
  /** Of a queue: who waits and who runs; null: no limit. */
  readonly lane?: {
    readonly waiting: number;
    readonly running: number;
    readonly limit: number | null;
    /** Arrival of the one that waits longest. */
    readonly oldestAt: number | undefined;
  };
}

export type ActorKind = "worker" | "model" | "key" | "reporter" | "session" | "queue" | "edge" | "sessions";

interface Numbered {
  /** Counts up by one for each record of this worker. */
  readonly n: number;
  readonly at: number;
}

/** Something that happened, oldest first by `n`. */
export type InspectRecord = EventRecord | RequestRecord | ErrorRecord;

/** An actor received an event. */
export interface EventRecord extends Numbered {
  readonly kind: "event";
  /** Reference and id of the receiver. */
  readonly ref: string;
  readonly actor: string;
  /** Id of the actor that sent it; undefined: from outside of all actors. */
  readonly sender: string | undefined;
  /** `xstate.init` starts an actor, `xstate.stop` ends it. */
  readonly event: string;
  /** The whole event. */
  readonly payload: SafeValue;
  readonly status: ActorStatus;
  /** The state after it; undefined: no machine. */
  readonly state: StateValue | undefined;
  /** The actor's context after it; undefined: unchanged. */
  readonly context?: SafeValue;
  /**
   * Ids of the chart's edges that were taken, in order. What the event set off is certain; where several `always` edges
   * behind it lead to the same state, it is the first of them.
   */
  readonly edges: readonly string[];
}

/** A request has ended, and where its time went. What did not happen is undefined. */
export interface RequestRecord extends Numbered {
  readonly kind: "request";
  readonly id: string;
  readonly route: string;
  /** Name of the queue. */
  readonly queue: string;
  readonly session: string | undefined;
  /** The engine's number of it. */
  readonly requestIdx: number | undefined;
  readonly workload: number | undefined;
  readonly outcome: Outcome;
  readonly status: number;
  readonly arrivedAt: number;
  /** It was read, checked and admitted. */
  readonly admittedAt: number | undefined;
  /** Its turn came. */
  readonly startedAt: number | undefined;
  /** The answer began. */
  readonly firstByteAt: number | undefined;
  readonly endedAt: number;
}

/** Something went wrong: a line of the worker's log at level `warn` or above, or the death of an actor. */
export interface ErrorRecord extends Numbered {
  readonly kind: "error";
  readonly level: "warn" | "error" | "fatal";
  readonly message: string;
  /** Id of the actor that it happened in, where that is known. */
  readonly actor: string | undefined;
  /** Name, message, stack and cause, from the outermost error inwards. */
  readonly causes: readonly {
    readonly name: string;
    readonly message: string;
    readonly stack: string | undefined;
  }[];
  /** Further details. */
  readonly details: SafeValue;
}

/** The worker at a second. Rates are per second, over the second before `at`. */
export interface Sample {
  readonly at: number;
  /** Workload of admitted requests that have not ended, and of those that wait or run before a new one. */
  readonly openLoad: number;
  readonly loadAhead: number;
  /** Workload per second; undefined until measured. */
  readonly capacity: number | undefined;
  readonly waiting: number;
  readonly running: number;
  readonly sessions: number;
  /** Ended requests per second by outcome. */
  readonly outcomes: Readonly<Record<Outcome, number>>;
  /** Of the requests of that second, milliseconds; null: there were none. */
  readonly wait: Percentiles | null;
  readonly firstByte: Percentiles | null;
  readonly latency: Percentiles | null;
  /** Reports in that second that the engine took, and that it did not. */
  readonly reports: { readonly delivered: number; readonly failed: number };
  /** Share of a core that the process used, 0 to 1 and beyond. */
  readonly cpu: number;
  /** Resident memory in bytes. */
  readonly memory: number;
}

/** Upper bounds of the buckets in which they lie. */
export interface Percentiles {
  readonly p50: number;
  readonly p99: number;
}

/** A queue's tickets: the first of those that run and of those that wait, in the order of their turns. */
export interface LaneView {
  /** Reference of the queue's actor. */
  readonly ref: string;
  readonly running: readonly TicketView[];
  readonly waiting: readonly TicketView[];
  /** Of a fair queue: the flows with requests, those with most waiting ones first. */
  readonly flows?: readonly FlowView[];
  /** Flows beyond those that are shown. */
  readonly flowsLeftOut?: number;
}

/** The requests of one client in a fair queue. */
export interface FlowView {
  /** Name of the API key; empty without one. */
  readonly name: string;
  readonly waiting: number;
  readonly running: number;
  /** Workload that would have its turn before a new request. */
  readonly ahead: number;
}

export interface TicketView {
  readonly id: string;
  readonly workload: number;
  /** Arrival. */
  readonly at: number;
  /** In a fair queue, as in {@link FlowView}. */
  readonly flow?: string;
}

/** An event that an actor has scheduled. */
export interface TimerView {
  /** Reference of the actor. */
  readonly ref: string;
  /** Such as `xstate.after.drainTimeout.worker.draining.finishing`. */
  readonly event: string;
  readonly startedAt: number;
  readonly delay: number;
}

/** The source of frames for the page, the command line and Stately's tools. */
export interface Feed {
  /** Everything up to now. */
  hello(): Hello;
  /**
   * @param onTick receives every tick from now on.
   * @returns ends it.
   */
  subscribe(onTick: (tick: Tick) => void): () => void;
}
