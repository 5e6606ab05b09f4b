import { nanoid } from "nanoid";
import type { Outcome } from "../../../machines/events.js";
import type { TsworkerError } from "../../shared/errors.js";
import type { Log } from "../../shared/log.js";
import type { AuthData, Payload } from "../../shared/wire.js";
import type { Handler } from "../config/config.js";
import type { Target } from "../config/model-headers.js";
import { DEFAULT_WORKLOAD, workloadOf } from "../config/workload.js";
import type { RouteMetrics } from "../metrics/route-metrics.js";
import type { ModelClient } from "../model/client.js";
import type { ModelActivity } from "../model/model-activity.js";
import { Entry } from "../report/ledger.js";
import { type Answer, answers } from "../server/answer.js";
import type { BodyBytes } from "./envelope/body-buffer.js";
import type { BodyFormat } from "./envelope/body-format.js";
import {
  type Envelope,
  type EnvelopeJudge,
  EnvelopeReader,
  type ReaderOptions,
  type ReadResult,
  readEnvelope,
} from "./envelope/envelope-reader.js";
import { type ReadyPayload, readyPayload } from "./envelope/payload.js";
import { answerToUnread } from "./envelope/unread.js";
import type { UnverifiedBodies } from "./envelope/unverified-bodies.js";
import type { RequestMarks, RequestObserver } from "./request-observer.js";
import type { UnverifiedSockets } from "./unverified-sockets.js";

/** A handler with what it needs to serve requests. */
export interface Route {
  readonly handler: Handler;
  /** Origin and base path of the model server, and what each request to it has; undefined without one. */
  readonly modelServer: Target | undefined;
  /** Undefined for a handler with a `remoteFunction`. */
  readonly model: ModelClient | undefined;
  readonly metrics: RouteMetrics;
}

/** Who decides about requests and keeps the books of them. */
export interface Gate {
  readonly log: Log;
  /** Largest body in bytes. */
  readonly maxBodyBytes: number;
  /** Whether streams get the headers that keep proxies from holding them back. */
  readonly streamHeaders: boolean;
  /** Undefined where nobody looks. */
  readonly observer: RequestObserver | undefined;
  /** What requests show of the model. */
  readonly activity: ModelActivity;
  /** What is kept of bodies before it is known who sends them. */
  readonly unverified: UnverifiedBodies;
  readonly unverifiedSockets: UnverifiedSockets;
  /** Why nothing is taken of whoever sends this; undefined when it is signed. */
  refusalOfSender(authData: AuthData): Refusal | undefined;
  /**
   * Why a signed request may not be admitted now; undefined when it may.
   *
   * @param sessionId undefined: it is not known yet.
   */
  refusalOf(authData: AuthData, sessionId: string | null | undefined): Refusal | undefined;
  /** Why a request may not wait for its turn. */
  refusalOfWait(handler: Handler): Refusal | undefined;
  reject(entry: Entry): void;
  /** A request of somebody whose signature is not the engine's was refused. */
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

/** Why a request is not admitted, and whether the engine is told that it was rejected. */
export interface Refusal {
  readonly answer: Answer;
  readonly counts: boolean;
}

/** A request that is not admitted. */
interface Refused {
  readonly refusal: Refusal;
  readonly authData: AuthData;
  readonly sessionId: string | null | undefined;
  /** It is signed. */
  readonly isVerified: boolean;
}

/** How an admitted request ends. */
export type EndOutcome = Exclude<Outcome, "rejected">;

/** What makes the answer. */
export interface Work {
  /** The head of the answer went out: the client can be told nothing else any more. */
  readonly hasBegun: boolean;
  /** Nobody waits for the answer any more. */
  cancel(): void;
}

/** Begins the ids of all requests, so that they are unique in any log. */
const ID_PREFIX = nanoid(10);
let requests = 0;

/** What a client that went away would have been told. */
const CLIENT_GONE = 499;

/**
 * One request from its first byte to its end, however its client is connected. It holds the connection; the actors know
 * it by its id only.
 *
 * ```
 * reading ─▶ verified ─▶ admitted: waiting ─▶ running ─▶ ended
 *    └───────────┴─▶ refused
 * ```
 *
 * Who asks is checked as soon as `auth_data` is there, whatever of the body is still to come, and of what is refused
 * nothing more is read. The payload becomes a value afterwards, and only where somebody looks at it.
 *
 * Invariant: what was admitted ends exactly once, by `#end`, whatever the client and the model do.
 */
export abstract class Exchange implements EnvelopeJudge {
  readonly id = `${ID_PREFIX}${++requests}`;
  readonly route: Route;
  /** The session that it belongs to. */
  sessionId: string | null = null;
  protected readonly gate: Gate;
  readonly #arrivedAt = performance.now();
  /** Undefined for a request that nobody looks at. */
  readonly #marks: RequestMarks | undefined;
  #hasFirstByte = false;
  #entry: Entry | undefined;
  #payload: ReadyPayload | undefined;
  /** Of a body that comes in several pieces, until it is whole. */
  #reader: EnvelopeReader | undefined;
  #options: ReaderOptions | undefined;
  #refused: Refused | undefined;
  #work: Work | undefined;
  #totalTimer: NodeJS.Timeout | undefined;

  constructor(gate: Gate, route: Route) {
    this.gate = gate;
    this.route = route;
    this.#marks = gate.observer?.begin(this.id, route.handler);
  }

  /** Tells the client an answer of the worker's own, if it is still there. */
  protected abstract tell(answer: Answer): void;
  /** Ends an answer that has begun so that the client sees that it is not whole. */
  protected abstract breakOff(answer: Answer): void;
  /** Begins to make the answer. */
  protected abstract work(payload: ReadyPayload): Work;
  /** It is about to be taken in: from here on it waits for its turn, runs, and ends. */
  protected onAdmitted(_payload: Payload | undefined): void {}
  /** What was taken in has ended; an answer that has begun may be broken off after this. */
  protected onEnded(): void {}

  /** Its turn has come. */
  start(): void {
    const entry = this.#entry;
    const payload = this.#payload;
    if (entry === undefined || payload === undefined) return;
    this.#payload = undefined;
    entry.startedAt = performance.now();
    this.#marks?.started();
    this.route.metrics.started(entry.startedAt - this.#arrivedAt);
    const { totalMs } = this.route.handler.timeouts;
    if (totalMs !== null) {
      const message = `the request was not done within ${totalMs} ms`;
      this.#totalTimer = setTimeout(() => this.onTimedOut(message), totalMs);
    }
    this.#work = this.work(payload);
  }

  /** The worker ends it: the client is told where that is still possible. */
  abort(answer: Answer, outcome: "error" | "cancelled" = "error"): void {
    this.#work?.cancel();
    this.fail(answer, outcome);
  }

  /** A fault of the worker's own: it ends this request and no other. */
  onFault(error: unknown): void {
    this.gate.log.error({ ...this.#name(), err: error }, "request handling failed");
    if (this.#entry === undefined) this.refuse(answers.workerFailed());
    else this.abort(answers.workerFailed());
  }

  /** The model or a function took longer than its handler allows. */
  onTimedOut(message: string): void {
    this.gate.log.warn({ ...this.#name(), fault: message }, "request timed out");
    this.abort(answers.timedOut(message));
  }

  /** The answer has begun, and its body follows in pieces. */
  onBegun(): void {
    this.#hasFirstByte = true;
    this.#marks?.firstByte();
    this.route.metrics.firstByte(performance.now() - this.#arrivedAt);
  }

  allows(authData: AuthData, sessionId: string | null | undefined): boolean {
    const stranger = this.gate.refusalOfSender(authData);
    const refusal = stranger ?? this.gate.refusalOf(authData, sessionId);
    if (refusal === undefined) return true;
    this.#refused = { refusal, authData, sessionId, isVerified: stranger === undefined };
    return false;
  }

  /**
   * Reads the next piece of what the client sends.
   *
   * @param piece valid during the call.
   * @param expected bytes of the whole; 0 where that is not known.
   */
  protected read(piece: Buffer, isLast: boolean, format: BodyFormat, expected: number): void {
    if (this.#reader === undefined && isLast) {
      this.#onRead(readEnvelope(piece, format, this), format);
      return;
    }
    this.#options ??= {
      judge: this,
      unverified: this.gate.unverified,
      expected,
      onTooSlow: () => this.refuse(answers.bodyTooSlow()),
      onResult: (result) => this.#onLateResult(result, format),
    };
    this.#reader ??= new EnvelopeReader(format, this.#options);
    this.#onRead(this.#reader.read(piece, isLast, this.#options), format);
  }

  #onLateResult(result: ReadResult, format: BodyFormat): void {
    try {
      this.#onRead(result, format);
    } catch (error) {
      this.onFault(error);
    }
  }

  protected refuse(answer: Answer, entry?: Entry): void {
    // What is too large is read to its end, so that its client comes to read the answer.
    const isUnfinished = this.#reader?.isWhole === false && answer.close !== true && answer.status !== 413;
    this.#closeReader();
    this.tell(isUnfinished ? { ...answer, dropsRest: true } : answer);
    this.route.metrics.ended("rejected", answer.status, performance.now() - this.#arrivedAt);
    this.#marks?.ended("rejected", answer.status);
    this.#log("rejected", answer.status, entry);
  }

  /** The client was handed the whole answer. */
  protected succeed(status: number): void {
    this.#end("success", status);
  }

  /** Ends with an answer of the worker's own; one that has begun is broken off. */
  protected fail(answer: Answer, outcome: "error" | "cancelled" = "error"): void {
    const hasBegun = this.#work?.hasBegun === true;
    if (!hasBegun) this.tell(answer);
    this.#end(outcome, answer.status);
    if (hasBegun) this.breakOff(answer);
  }

  /** The client is gone: nobody waits for the answer any more. */
  protected clientGone(): void {
    this.#closeReader();
    const work = this.#work;
    this.#work = undefined;
    work?.cancel();
    if (this.#entry !== undefined) {
      this.#end("cancelled", CLIENT_GONE);
      return;
    }
    this.route.metrics.ended("cancelled", CLIENT_GONE, performance.now() - this.#arrivedAt);
    this.#marks?.ended("cancelled", CLIENT_GONE);
    this.#log("cancelled", CLIENT_GONE);
  }

  /** The model was not reached, took too long, or broke off. */
  protected failOfModel(error: TsworkerError): void {
    this.warn(error, "model failed");
    if (error.code === "MODEL_UNREACHABLE") this.gate.activity.connectionLost();
    this.fail(answers.modelFailed(error));
  }

  protected userCodeThrew(option: string, error: unknown): void {
    this.gate.log.error({ ...this.#name(), err: error }, `${option} threw`);
    if (this.#entry === undefined) this.refuse(answers.userCodeThrew());
    else this.fail(answers.userCodeThrew());
  }

  protected warn(error: unknown, what: string): void {
    this.gate.log.warn({ ...this.#name(), err: error }, what);
  }

  #onRead(result: ReadResult | undefined, format: BodyFormat): void {
    if (result === undefined) return;
    switch (result.kind) {
      case "refused":
        this.#onRefused(result.payload, format);
        return;
      case "envelope":
        this.#closeReader();
        this.#onEnvelope(result, format);
        return;
      default:
        this.refuse(answerToUnread(result));
    }
  }

  #onEnvelope(envelope: Envelope, format: BodyFormat): void {
    const { authData, sessionId } = envelope;
    const payload = readyPayload(envelope.payload, format, this.route.handler);
    if (payload.kind === "faults") {
      this.refuse(answers.faults(payload.faults));
      return;
    }
    if (payload.kind === "parser-threw") {
      this.userCodeThrew("requestParser", payload.error);
      return;
    }
    const workload = workloadOf(this.route.handler, payload.value ?? {}, this.gate.log);
    const entry = this.#entryOf(authData, sessionId, workload);
    const refusal = this.gate.refusalOfWait(this.route.handler);
    if (refusal !== undefined) {
      if (refusal.counts) this.gate.reject(entry);
      this.refuse(refusal.answer, entry);
      return;
    }
    this.sessionId = sessionId;
    this.#entry = entry;
    this.#payload = payload;
    this.#marks?.admitted(entry, sessionId);
    this.onAdmitted(payload.value);
    this.gate.admit(this, entry);
  }

  /** @param payload undefined: it is not there yet, and counts as one of which nothing is known. */
  #onRefused(payload: BodyBytes | undefined, format: BodyFormat): void {
    const refused = this.#refused;
    if (refused === undefined) return;
    const { refusal, authData, sessionId, isVerified } = refused;
    const { handler } = this.route;
    const ready =
      isVerified && refusal.counts && payload !== undefined && handler.workloadCalculator !== undefined
        ? readyPayload(payload, format, handler)
        : undefined;
    const workload =
      ready?.kind === "payload" ? workloadOf(handler, ready.value ?? {}, this.gate.log) : DEFAULT_WORKLOAD;
    const entry = this.#entryOf(authData, sessionId ?? null, workload);
    if (refusal.counts) {
      if (isVerified) this.gate.reject(entry);
      else this.gate.rejectUnverified();
    }
    this.refuse(refusal.answer, entry);
  }

  #entryOf(authData: AuthData, sessionId: string | null, workload: number): Entry {
    const kind = sessionId === null ? "request" : "in-session";
    return new Entry(kind, authData.request_idx, authData.reqnum, workload, this.#arrivedAt);
  }

  #closeReader(): void {
    this.#reader?.close();
    this.#reader = undefined;
  }

  #end(outcome: EndOutcome, status: number): void {
    const entry = this.#entry;
    if (entry === undefined) return;
    this.#entry = undefined;
    this.#payload = undefined;
    this.#work = undefined;
    if (this.#totalTimer !== undefined) clearTimeout(this.#totalTimer);
    this.onEnded();
    const now = performance.now();
    this.gate.end(this, entry, outcome, now, status >= 500);
    const { metrics } = this.route;
    const ms = now - this.#arrivedAt;
    // An answer that went out whole began when it ended.
    if (outcome === "success" && !this.#hasFirstByte) metrics.firstByte(ms);
    metrics.ended(outcome, status, ms);
    this.#marks?.ended(outcome, status);
    this.#log(outcome, status, entry);
  }

  #name() {
    return { id: this.id, route: this.route.handler.route };
  }

  #log(outcome: Outcome, status: number, entry?: Entry): void {
    const { log } = this.gate;
    if (!log.isLevelEnabled("debug")) return;
    const now = performance.now();
    log.debug(
      {
        ...this.#name(),
        outcome,
        status,
        ...(this.sessionId !== null && { session: this.sessionId }),
        ...(entry && {
          workload: entry.workload,
          wait: Math.round((entry.startedAt || now) - entry.arrivedAt),
        }),
        ms: Math.round(now - this.#arrivedAt),
      },
      "request",
    );
  }
}
