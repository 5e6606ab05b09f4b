/**
 * The events between the worker's actors: plain data, which can be recorded and shown as it is. `senders.ts` has who
 * sends which.
 */

import type { Lane } from "./lane.js";

/** How a request ended. */
export type Outcome = "success" | "error" | "cancelled" | "rejected";

/** A request is to be queued. */
export interface RequestArrived {
  readonly type: "request.arrived";
  readonly id: string;
  /** Cost in units. */
  readonly workload: number;
  /** Milliseconds of `performance.now()`, which never jumps. */
  readonly at: number;
  /** In a fair queue: the flow whose share of the turns it takes. @default "" */
  readonly flow?: string;
  /** In a fair queue: weight of the flow, above 0. Its share is in proportion to it. @default 1 */
  readonly weight?: number;
  /** In a fair queue: an integer from 0 to 9; requests of a higher priority have their turns first. @default 0 */
  readonly priority?: number;
}

/** It is the request's turn. */
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
 * A queue has started, at the worker's start or in place of one that died: requests in an earlier queue of this name
 * will not be granted. Not plain data: it holds a reference to the actor.
 */
export interface QueueOpened {
  readonly type: "queue.opened";
  readonly queue: string;
  readonly ref: {
    send(event: RequestArrived | RequestEnded): void;
    getSnapshot(): { readonly lane: Lane };
  };
}

/** The call that a client requested for the close of its session. */
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

/** A request arrived in a session, which extends the session's life. */
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

/** A session begins to close: its requests have to end now, before its `onClose` is called. */
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
 * The sessions actor has started, at the worker's start or in place of one that died, whose sessions it does not have.
 * Not plain data: it holds a reference to the actor.
 */
export interface SessionsOpened {
  readonly type: "sessions.opened";
  readonly ref: { send(event: SessionOpened | SessionUsed | SessionEnd): void };
}

/** Close all sessions, and open no more. */
export interface SessionsClose {
  readonly type: "sessions.close";
}

/** All sessions have closed after `sessions.close`. */
export interface SessionsClosed {
  readonly type: "sessions.closed";
}

/** Sessions that are still open or closing count as ended now: no actor will close them. */
export interface SessionsAborted {
  readonly type: "sessions.aborted";
}

/** Close the sessions that have expired. */
export interface SessionsSweep {
  readonly type: "sessions.sweep";
}

/** Requests are admitted from now on. */
export interface TrafficOpened {
  readonly type: "traffic.opened";
  /** Capacity in workload per second. */
  readonly maxPerf: number;
}

/** Why requests are not admitted. */
export type ClosedReason = "loading" | "errored" | "draining";

/** New requests are refused from now on; admitted ones continue. */
export interface TrafficClosed {
  readonly type: "traffic.closed";
  readonly reason: ClosedReason;
}

/** While requests are not admitted: the last observation of the model. */
export interface TrafficAwaited {
  readonly type: "traffic.awaited";
  readonly seen: string | undefined;
}

/** End the requests that are still open: the grace period is over. */
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

/** All of the first tries to fetch the engine's public key failed; further tries follow. */
export interface KeyFailed {
  readonly type: "key.failed";
  readonly message: string;
}

/** The model can serve, by a line of its log, its health URL, or its lifecycle. */
export interface ModelLoaded {
  readonly type: "model.loaded";
}

/** The user's own code has started the model, and must not be called again. */
export interface ModelStarted {
  readonly type: "model.started";
}

/**
 * The model has failed: a line of its log matched `onError` and its health URL did not contradict it, its port refuses
 * connections, or its lifecycle could not start it.
 */
export interface ModelFailed {
  readonly type: "model.failed";
  readonly message: string;
}

/** The model is healthy: its health URL answered 200, a request succeeded, or its port accepts connections again. */
export interface ModelHealthy {
  readonly type: "model.healthy";
}

/** The model's health URL failed as many times in a row as the failure threshold. */
export interface ModelUnhealthy {
  readonly type: "model.unhealthy";
  readonly message: string;
}

/** A line of the model's log matched `onError`, but the health URL answered 200. */
export interface ModelDismissed {
  readonly type: "model.dismissed";
  readonly line: string;
}

/** The last observation of a model that has not loaded. */
export interface ModelAwaited {
  readonly type: "model.awaited";
  /** Such as `127.0.0.1:18000: connection refused`; undefined when nothing is missing. */
  readonly seen: string | undefined;
}

/** Probe the model's health URL now, and at its interval from then on. */
export interface ModelVerify {
  readonly type: "model.verify";
}

/** The worker is errored: probe the model's health URL at its interval, or watch for other evidence that the model is healthy. */
export interface ModelSuspect {
  readonly type: "model.suspect";
}

/** The worker is ready. */
export interface ModelServe {
  readonly type: "model.serve";
}

/** The connection of a request to the model could not be made, or broke. Sent once a second at most. */
export interface ConnectionLost {
  readonly type: "connection.lost";
}

/** A line of the model's log that matched a pattern. */
export interface MatchedLine {
  readonly line: string;
  /** The substring, or the text that the regular expression matched. */
  readonly match: string;
  /**
   * The line was in the file when this worker started: it is from an earlier model, or from this one before the worker
   * started. Never true in files that are created or rotated later.
   */
  readonly stale: boolean;
}

/** A line of the model's log matched one of `onLoad`, of `onError`, or of `onInfo`. */
export type LogMatched =
  | ({ readonly type: "log.loaded" } & MatchedLine)
  | ({ readonly type: "log.failed" } & MatchedLine)
  | ({ readonly type: "log.noted" } & MatchedLine);

/** The two reports to the engine. */
export type ReportKind = "status" | "ended";

/** The ledger has something to report that the last report of this kind did not hold. */
export interface LedgerChanged {
  readonly type: "ledger.changed";
  readonly report: ReportKind;
}

/** There is something to report: send it within the second. */
export interface ReportDue {
  readonly type: "report.due";
}

/** The part of a status report that the lifecycle determines. */
export interface Condition {
  /** Capacity in workload per second; 0 until it was measured. */
  readonly maxPerf: number;
  /** Empty unless errored. */
  readonly errorMsg: string;
  /** Seconds from start to the first ready; 0 before it. */
  readonly loadtime: number;
}

/** The worker's state changed: report it immediately. */
export interface WorkerChanged {
  readonly type: "worker.changed";
  readonly condition: Condition;
}

/** Deliver what is left, then end. */
export interface ReportFlush {
  readonly type: "report.flush";
}

/** Finish what was admitted, deliver the last reports, then stop. */
export interface WorkerDrain {
  readonly type: "worker.drain";
}

/** Stop now: requests that are still open end as errors. */
export interface WorkerAbort {
  readonly type: "worker.abort";
}
