import type { Outcome } from "../../../machines/events.js";
import type { Log } from "../../shared/log.js";
import type { AuthData, Payload } from "../../shared/wire.js";
import type { Handler } from "../config/config-schema.js";
import type { ModelHeaders, Target } from "../config/model-headers.js";
import type { KeysMetrics } from "../metrics/key-metrics.js";
import type { RouteMetrics } from "../metrics/route-metrics.js";
import type { ModelClient } from "../model/client.js";
import type { ModelActivity } from "../model/model-activity.js";
import type { Entry } from "../report/ledger.js";
import type { WorkerAnswer } from "../server/answer.js";
import type { RequestHead } from "../server/http-server.js";
import type { UnverifiedBodies } from "./envelope/unverified-bodies.js";
import type { Exchange } from "./exchange.js";
import type { UnverifiedSockets } from "./unverified-sockets.js";

/** A handler with everything that serves its requests. */
export interface HandlerRoute {
  readonly handler: Handler;
  /** Origin and base path of the model server, and the headers of each request to it; undefined without one. */
  readonly modelServer: Target | undefined;
  /** Undefined for a handler with a `remoteFunction`. */
  readonly model: ModelClient | undefined;
  readonly metrics: RouteMetrics;
}

/** Whose share of a fair queue a request takes. */
export interface Flow {
  /** Name of the API key. */
  readonly name: string;
  /** The flow's share is in proportion to it. Above 0. */
  readonly weight: number;
  /** 0 to 9, higher ones first. */
  readonly priority: number;
}

/** Decides which requests are admitted, and accounts for them. */
export interface Admission {
  readonly log: Log;
  /** Largest body in bytes. */
  readonly maxBodyBytes: number;
  /** Whether streams get the headers that prevent proxies from buffering them. */
  readonly streamHeaders: boolean;
  /** Undefined where nothing records requests. */
  readonly observer: RequestObserver | undefined;
  /** Evidence about the model that requests produce. */
  readonly activity: ModelActivity;
  readonly keys: KeysMetrics;
  /** Memory for bodies whose sender is not verified yet. */
  readonly unverified: UnverifiedBodies;
  readonly unverifiedSockets: UnverifiedSockets;
  /** Why the sender is refused; undefined for a valid signature. */
  checkSender(authData: AuthData): Refusal | undefined;
  /**
   * Why a signed request may not be admitted now; undefined when it may.
   *
   * @param sessionId undefined: it is not known yet.
   */
  checkRequest(authData: AuthData, sessionId: string | null | undefined): Refusal | undefined;
  /** Why no request is admitted now. */
  checkTraffic(): Refusal | undefined;
  /** Why a request may not wait in the queue. */
  checkQueueTime(handler: Handler, workload: number, flow: Flow | undefined): Refusal | undefined;
  reject(entry: Entry): void;
  /** A request without the engine's signature was refused. */
  rejectUnverified(): void;
  /** Takes a request in: from here on it ends exactly once. */
  admit(exchange: Exchange, entry: Entry): void;
  /**
   * An admitted request has ended.
   *
   * @param at milliseconds of `performance.now()`.
   * @param retryable its client may send it once more.
   */
  end(exchange: Exchange, entry: Entry, outcome: EndOutcome, at: number, retryable: boolean): void;
}

/** Why a request is not admitted. */
export interface Refusal {
  readonly answer: WorkerAnswer;
  /** The rejection is reported to the engine. */
  readonly isReported: boolean;
}

/** How an admitted request ends. */
export type EndOutcome = Exclude<Outcome, "rejected">;

/** What observers may read of a request's head. */
export type TracedHead = Pick<RequestHead, "method" | "path" | "header">;

/** Records single requests, for an inspector or a trace. */
export interface RequestObserver {
  /**
   * A request arrived.
   *
   * @param head valid during the call.
   * @returns undefined where this one is not recorded.
   */
  trace(id: string, handler: Handler, head: TracedHead): RequestTrace | undefined;
}

/** Receives the events of one request: each at most once, `ended` as the last. */
export interface RequestTrace {
  /** By which the model server joins the trace. */
  readonly modelHeaders?: ModelHeaders | undefined;
  /** @param payload undefined: the handler does not need it. */
  admitted(entry: Entry, session: string | null, payload: Payload | undefined): void;
  /** Its queue has granted it the turn. */
  started(): void;
  firstByte(): void;
  ended(outcome: Outcome, status: number): void;
}

/** Ended requests to these routes whose answer was not an error. */
export function successCount(routes: readonly RouteMetrics[]): number {
  let count = 0;
  for (const route of routes) {
    for (const [status, ended] of route.statuses()) if (status < 400) count += ended;
  }
  return count;
}
