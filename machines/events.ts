/**
 * Every event that travels between the worker's actors. Events are plain data: they could cross a thread and
 * can be shown, recorded and replayed as they are.
 */

/** How a request ended. */
export type Outcome = "success" | "error" | "cancelled" | "rejected";

/** A request asks for its turn in a queue. */
export interface RequestArrived {
  readonly type: "request.arrived";
  readonly id: string;
  /** Cost in units. */
  readonly workload: number;
  /** Milliseconds of `performance.now()`, which never jumps. */
  readonly at: number;
}

/** A queue gives a request its turn. */
export interface RequestGranted {
  readonly type: "request.granted";
  readonly id: string;
}

/** A request has ended, waiting or running: its place in the queue is free. */
export interface RequestEnded {
  readonly type: "request.ended";
  readonly id: string;
  readonly outcome: Outcome;
  /** Milliseconds of `performance.now()`, which never jumps. */
  readonly at: number;
}

/**
 * A queue is there, at start or in place of one that died: whoever waited or ran in an earlier queue of this
 * name will not hear of it again. It is no plain data, because it hands out an address.
 */
export interface QueueOpened {
  readonly type: "queue.opened";
  readonly queue: string;
  readonly ref: { send(event: RequestArrived | RequestEnded): void };
}

/** What is called when a session closes. */
export interface OnClose {
  /** Absolute, or a path on the model server. */
  readonly route: string;
  readonly payload: unknown;
}

/** A client has reserved a place on this worker. */
export interface SessionOpened {
  readonly type: "session.opened";
  readonly id: string;
  /** Milliseconds of `performance.now()`, which never jumps. */
  readonly expiresAt: number;
  readonly onClose: OnClose | undefined;
}

/** A request came in a session, which lives longer by it. */
export interface SessionUsed {
  readonly type: "session.used";
  readonly id: string;
  /** Milliseconds of `performance.now()`, which never jumps. */
  readonly expiresAt: number;
}

/** Why a session closes: its client ended it, its time is over, or the worker stops. */
export type SessionEndReason = "ended" | "expired" | "drained";

/** A session is to close. */
export interface SessionEnd {
  readonly type: "session.end";
  readonly id: string;
  readonly reason: SessionEndReason;
}

/** A session begins to close: its requests are to be ended now, before its `onClose` is called. */
export interface SessionClosing {
  readonly type: "session.closing";
  readonly id: string;
  readonly reason: SessionEndReason;
}

/** A session has closed: its place is free. */
export interface SessionClosed {
  readonly type: "session.closed";
  readonly id: string;
}

/**
 * The sessions actor is there, at start or in place of one that died: sessions opened with an earlier one are
 * unknown to it. No plain data either: it hands out an address.
 */
export interface SessionsOpened {
  readonly type: "sessions.opened";
  readonly ref: { send(event: SessionOpened | SessionUsed | SessionEnd): void };
}

/** Close all sessions, and from then on open none. */
export interface SessionsClose {
  readonly type: "sessions.close";
}

/** All sessions have closed after `sessions.close`. */
export interface SessionsClosed {
  readonly type: "sessions.closed";
}

/** Sessions that are still open or closing are to be counted as ended now: nobody will close them. */
export interface SessionsAborted {
  readonly type: "sessions.aborted";
}

/** Look for sessions whose time is over. */
export interface SessionsSweep {
  readonly type: "sessions.sweep";
}

/** From now on requests are admitted. */
export interface TrafficOpened {
  readonly type: "traffic.opened";
  /** Capacity in workload per second. */
  readonly maxPerf: number;
}

/** Why requests are not admitted. */
export type ClosedReason = "loading" | "errored" | "draining";

/** From now on new requests are refused; those admitted go on. */
export interface TrafficClosed {
  readonly type: "traffic.closed";
  readonly reason: ClosedReason;
}

/** While requests are not admitted: what was last seen of the model that is waited for. */
export interface TrafficAwaited {
  readonly type: "traffic.awaited";
  readonly seen: string | undefined;
}

/** Requests that are still open are to be ended now: the grace period is over. */
export interface TrafficAborted {
  readonly type: "traffic.aborted";
}

/** The last admitted request has ended while traffic was closed for draining. */
export interface TrafficDrained {
  readonly type: "traffic.drained";
}

/** The engine's public key, as PEM. */
export interface KeyHeld {
  readonly type: "key.held";
  readonly pem: string;
}

/** Every try to get the engine's public key failed; trying goes on. */
export interface KeyFailed {
  readonly type: "key.failed";
  readonly message: string;
}

/** The model says that it can serve: a log line, its health URL, or its lifecycle. */
export interface ModelLoaded {
  readonly type: "model.loaded";
}

/** The user's own code has started the model: it is not to be asked to again. */
export interface ModelStarted {
  readonly type: "model.started";
}

/**
 * The model has failed: a line of its log says so and its health URL does not contradict it, nothing listens any more,
 * or its lifecycle could not start it.
 */
export interface ModelFailed {
  readonly type: "model.failed";
  readonly message: string;
}

/** The model is well: its health URL answered 200, a request succeeded, or its port accepts connections again. */
export interface ModelHealthy {
  readonly type: "model.healthy";
}

/** The model's health URL failed often enough in a row to count. */
export interface ModelUnhealthy {
  readonly type: "model.unhealthy";
  readonly message: string;
}

/** A line of the model's log looked like a failure, and the health URL answered 200 all the same. */
export interface ModelDismissed {
  readonly type: "model.dismissed";
  readonly line: string;
}

/** What was last seen of a model that is waited for. */
export interface ModelAwaited {
  readonly type: "model.awaited";
  /** Such as `127.0.0.1:18000: connection refused`; undefined when nothing is missing any more. */
  readonly seen: string | undefined;
}

/** Ask the model's health URL now, and at its interval from then on. */
export interface ModelVerify {
  readonly type: "model.verify";
}

/** The worker is errored: ask the model's health URL at its interval, or look for other signs that the model is well. */
export interface ModelSuspect {
  readonly type: "model.suspect";
}

/** The worker is ready: nothing is waited for any more. */
export interface ModelServe {
  readonly type: "model.serve";
}

/** The connection of a request to the model could not be made, or broke off. Sent once a second at most. */
export interface ConnectionLost {
  readonly type: "connection.lost";
}

/** A line of the model's log, and what was looked for in it. */
interface MatchedLine {
  readonly line: string;
  /** The substring, or the text that the regular expression matched. */
  readonly match: string;
  /**
   * The line was in the file when this worker started: an earlier model wrote it, or this one before the worker
   * was there. Files that are created or rotated later hold no such line.
   */
  readonly stale: boolean;
}

/** A line of the model's log matched one of `onLoad`, of `onError`, or of `onInfo`. */
export type LogMatched =
  | ({ readonly type: "log.loaded" } & MatchedLine)
  | ({ readonly type: "log.failed" } & MatchedLine)
  | ({ readonly type: "log.noted" } & MatchedLine);

/** There is something to report; a report goes out within the second. */
export interface ReportDue {
  readonly type: "report.due";
}

/** The part of a status report that the lifecycle decides. */
export interface Condition {
  /** Capacity in workload per second; 0 until it was measured. */
  readonly maxPerf: number;
  /** Empty unless errored. */
  readonly errorMsg: string;
  /** Seconds from start to the first ready; 0 before it. */
  readonly loadtime: number;
}

/** The worker's state changed: report it at once, without gathering. */
export interface WorkerChanged {
  readonly type: "worker.changed";
  readonly condition: Condition;
}

/** Deliver what there is, then end. */
export interface ReportFlush {
  readonly type: "report.flush";
}

/** Finish what was admitted, deliver the last reports, then stop. */
export interface WorkerDrain {
  readonly type: "worker.drain";
}

/** Stop now: whatever is still open ends as an error. */
export interface WorkerAbort {
  readonly type: "worker.abort";
}
