import { nanoid } from "nanoid";
import type { Outcome } from "../../../machines/events.js";
import type { TsworkerError } from "../../shared/errors.js";
import type { AuthData, Payload } from "../../shared/wire.js";
import { DEFAULT_WORKLOAD, workloadOf } from "../config/workload.js";
import type { KeyMetrics } from "../metrics/key-metrics.js";
import { Entry } from "../report/ledger.js";
import { answers, type WorkerAnswer } from "../server/answer.js";
import type { Admission, EndOutcome, Flow, HandlerRoute, Refusal, RequestTrace } from "./admission.js";
import type { BodyBytes, BodyFormat } from "./envelope/body.js";
import {
  type Authorizer,
  answerToReadFailure,
  type ReadResult,
  type ScannedEnvelope,
} from "./envelope/envelope.js";
import { EnvelopeReader, type ReaderOptions, readEnvelope } from "./envelope/envelope-reader.js";
import { type PayloadResult, type ReadyPayload, readyPayload } from "./envelope/payload.js";

/** Produces the answer to a request. */
export interface AnswerProducer {
  /** The head was sent: no other answer is possible. */
  readonly hasBegun: boolean;
  /** The answer is no longer required. */
  cancel(): void;
}

/** A request that is not admitted. */
interface RefusedRequest {
  readonly refusal: Refusal;
  readonly authData: AuthData;
  readonly sessionId: string | null | undefined;
  /** It is signed. */
  readonly isVerified: boolean;
}

/** Prefix of all request ids, which makes them unique across processes. */
const ID_PREFIX = nanoid(10);
let requests = 0;

/** Status in metrics and logs of a request whose client disconnected; nginx uses the same number. */
const CLIENT_CLOSED_REQUEST = 499;

/**
 * One request from its first byte to its end, over HTTP or a WebSocket. It holds the connection; the actors have only its
 * id.
 *
 * ```
 * reading ─▶ verified ─▶ admitted: waiting ─▶ running ─▶ ended
 *    └───────────┴─▶ refused
 * ```
 *
 * The sender is checked as soon as `auth_data` has arrived, before the rest of the body, and nothing more is read of a
 * refused request. The payload is parsed afterwards, and only where the handler needs its value.
 *
 * Invariant: an admitted request ends exactly once, by `#end`, whatever the client and the model do.
 */
export abstract class Exchange implements Authorizer {
  readonly id = `${ID_PREFIX}${++requests}`;
  readonly route: HandlerRoute;
  /** The session that it belongs to. */
  sessionId: string | null = null;
  /** Set before the request is admitted or refused; undefined without an API key. */
  flow: Flow | undefined;
  protected readonly admission: Admission;
  readonly #arrivedAt = performance.now();
  /** Undefined for a request that is not recorded. */
  readonly #trace: RequestTrace | undefined;
  #hasFirstByte = false;
  #entry: Entry | undefined;
  #payload: ReadyPayload | undefined;
  /** For a body that arrives in several pieces, until it is complete. */
  #reader: EnvelopeReader | undefined;
  #options: ReaderOptions | undefined;
  #refused: RefusedRequest | undefined;
  #producer: AnswerProducer | undefined;
  #totalTimer: NodeJS.Timeout | undefined;

  constructor(admission: Admission, route: HandlerRoute) {
    this.admission = admission;
    this.route = route;
    this.#trace = admission.observer?.trace(this.id, route.handler);
  }

  /** Sends an answer of the worker itself, unless the client has disconnected. */
  protected abstract respond(answer: WorkerAnswer): void;
  /** Ends an answer that has begun in a way that shows the client that it is incomplete. */
  protected abstract abortResponse(answer: WorkerAnswer): void;
  /** @returns undefined if it has failed already. */
  protected abstract produceAnswer(payload: ReadyPayload): AnswerProducer | undefined;
  /**
   * Called just before the admission.
   *
   * @param wholeBody gives the bytes of the request's body, valid during the call.
   */
  protected onAdmitted(_payload: Payload | undefined, _wholeBody: () => BodyBytes, _entry: Entry): void {}
  /** Whether more of the request's body is to come. */
  protected get isBodyUnfinished(): boolean {
    return this.#reader?.isWhole === false;
  }
  /** An admitted request has ended; `abortResponse` may follow. */
  protected onEnded(): void {}

  /** Its queue has granted it the turn. */
  start(): void {
    const entry = this.#entry;
    const payload = this.#payload;
    if (entry === undefined || payload === undefined) return;
    this.#payload = undefined;
    entry.startedAt = performance.now();
    this.#trace?.started();
    this.route.metrics.started(entry.startedAt - this.#arrivedAt);
    this.#key?.started(entry.workload, entry.startedAt - this.#arrivedAt);
    const { totalMs } = this.route.handler.timeouts;
    if (totalMs !== null) {
      const message = `the request was not done within ${totalMs} ms`;
      this.#totalTimer = setTimeout(() => this.onTimedOut(message), totalMs);
    }
    this.#producer = this.produceAnswer(payload);
  }

  /** The worker ends it, with this answer if none has begun. */
  abort(answer: WorkerAnswer, outcome: "error" | "cancelled" = "error"): void {
    this.#producer?.cancel();
    this.fail(answer, outcome);
  }

  /** An unexpected error in the worker: it ends this request and no other. */
  onInternalError(error: unknown): void {
    this.admission.log.error({ ...this.logFields(), err: error }, "request handling failed");
    if (this.#entry === undefined) this.refuse(answers.workerFailed());
    else this.abort(answers.workerFailed());
  }

  /** The model or a function exceeded a time limit of the handler. */
  onTimedOut(message: string): void {
    this.admission.log.warn({ ...this.logFields(), fault: message }, "request timed out");
    this.abort(answers.timedOut(message));
  }

  /** The head of the answer was sent; its body follows in pieces. */
  onBegun(): void {
    this.#hasFirstByte = true;
    this.#trace?.firstByte();
    this.route.metrics.firstByte(performance.now() - this.#arrivedAt);
  }

  authorize(authData: AuthData, sessionId: string | null | undefined): boolean {
    const senderRefusal = this.admission.checkSender(authData);
    const refusal = senderRefusal ?? this.admission.checkRequest(authData, sessionId);
    if (refusal === undefined) return true;
    this.#refused = { refusal, authData, sessionId, isVerified: senderRefusal === undefined };
    return false;
  }

  /**
   * Reads the next piece of the body.
   *
   * @param piece valid during the call.
   * @param expected bytes of the whole body; 0 where that is not known.
   */
  protected read(piece: Buffer, isLast: boolean, format: BodyFormat, expected: number): void {
    if (this.#reader === undefined && isLast) {
      this.#onRead(readEnvelope(piece, format, this), format);
      return;
    }
    this.#options ??= {
      authorizer: this,
      unverified: this.admission.unverified,
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
      this.onInternalError(error);
    }
  }

  protected refuse(answer: WorkerAnswer, entry?: Entry): void {
    // A body that is too large is read to its end: many clients read no answer before they have sent all of it.
    const isUnfinished = this.isBodyUnfinished && answer.close !== true && answer.status !== 413;
    this.#closeReader();
    this.respond(isUnfinished ? { ...answer, dropsRest: true } : answer);
    this.#countEnd("rejected", answer.status, performance.now() - this.#arrivedAt);
    this.#trace?.ended("rejected", answer.status);
    this.#log("rejected", answer.status, entry);
  }

  /** The whole answer was handed over to the client. */
  onComplete(status: number): void {
    this.#end("success", status);
  }

  /** Ends with an answer of the worker itself; an answer that has begun is aborted. */
  protected fail(answer: WorkerAnswer, outcome: "error" | "cancelled" = "error"): void {
    const hasBegun = this.#producer?.hasBegun === true;
    if (!hasBegun) this.respond(answer);
    this.#end(outcome, answer.status);
    if (hasBegun) this.abortResponse(answer);
  }

  /** The client has disconnected. */
  onDisconnect(): void {
    this.#closeReader();
    const producer = this.#producer;
    this.#producer = undefined;
    producer?.cancel();
    if (this.#entry !== undefined) {
      this.#end("cancelled", CLIENT_CLOSED_REQUEST);
      return;
    }
    this.#countEnd("cancelled", CLIENT_CLOSED_REQUEST, performance.now() - this.#arrivedAt);
    this.#trace?.ended("cancelled", CLIENT_CLOSED_REQUEST);
    this.#log("cancelled", CLIENT_CLOSED_REQUEST);
  }

  /** The model was not reached, exceeded a time limit, or disconnected. */
  onModelFailed(error: TsworkerError): void {
    this.warn(error, "model failed");
    if (error.code === "MODEL_UNREACHABLE") this.admission.activity.connectionLost();
    this.fail(answers.modelFailed(error));
  }

  protected userCodeThrew(option: string, error: unknown): void {
    this.admission.log.error({ ...this.logFields(), err: error }, `${option} threw`);
    if (this.#entry === undefined) this.refuse(answers.userCodeThrew());
    else this.fail(answers.userCodeThrew());
  }

  protected warn(error: unknown, message: string): void {
    this.admission.log.warn({ ...this.logFields(), err: error }, message);
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
        this.refuse(answerToReadFailure(result));
    }
  }

  #onEnvelope(envelope: ScannedEnvelope, format: BodyFormat): void {
    const { authData, sessionId } = envelope;
    const payload = readyPayload(envelope.payload, format, this.route.handler);
    if (payload.kind !== "payload") {
      this.onPayloadResult(payload);
      return;
    }
    const entry = this.#entryOf(authData, sessionId, this.workloadOf(payload.value));
    this.sessionId = sessionId;
    this.takeIn(payload, entry, () => envelope.source.wholeBody());
  }

  /** @param payload undefined: the handler does not need it. */
  protected workloadOf(payload: Payload | undefined): number {
    return workloadOf(this.route.handler, payload ?? {}, this.admission.log);
  }

  /** Admits a request whose sender and payload were checked, unless its queue is too long. */
  protected takeIn(payload: ReadyPayload, entry: Entry, wholeBody: () => BodyBytes): void {
    const refusal = this.checkLoad(entry);
    if (refusal !== undefined) {
      if (refusal.isReported) this.admission.reject(entry);
      this.refuse(refusal.answer, entry);
      return;
    }
    this.#entry = entry;
    this.#payload = payload;
    this.#trace?.admitted(entry, this.sessionId);
    this.onAdmitted(payload.value, wholeBody, entry);
    if (this.#key !== undefined) this.#key.waiting++;
    this.admission.admit(this, entry);
  }

  /** Why a request with this workload is not admitted now. */
  protected checkLoad({ workload }: Entry): Refusal | undefined {
    return this.admission.checkQueueTime(this.route.handler, workload, this.flow);
  }

  /** It was admitted and has not ended. */
  protected get isOpen(): boolean {
    return this.#entry !== undefined;
  }

  /** Milliseconds of `performance.now()`. */
  protected get arrivedAt(): number {
    return this.#arrivedAt;
  }

  protected onPayloadResult(result: Exclude<PayloadResult, { readonly kind: "payload" }>): void {
    if (result.kind === "invalid-fields") this.refuse(answers.invalidFields(result.errors));
    else this.userCodeThrew("requestParser", result.error);
  }

  /** @param payload undefined: it has not arrived, and the default workload is accounted. */
  #onRefused(payload: BodyBytes | undefined, format: BodyFormat): void {
    const refused = this.#refused;
    if (refused === undefined) return;
    const { refusal, authData, sessionId, isVerified } = refused;
    const { handler } = this.route;
    const ready =
      isVerified && refusal.isReported && payload !== undefined && handler.workloadCalculator !== undefined
        ? readyPayload(payload, format, handler)
        : undefined;
    const workload =
      ready?.kind === "payload"
        ? workloadOf(handler, ready.value ?? {}, this.admission.log)
        : DEFAULT_WORKLOAD;
    const entry = this.#entryOf(authData, sessionId ?? null, workload);
    if (refusal.isReported) {
      if (isVerified) this.admission.reject(entry);
      else this.admission.rejectUnverified();
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
    this.#producer = undefined;
    if (this.#totalTimer !== undefined) clearTimeout(this.#totalTimer);
    this.onEnded();
    const now = performance.now();
    this.admission.end(this, entry, outcome, now, status >= 500);
    const ms = now - this.#arrivedAt;
    // An answer that was sent in one piece began when it ended.
    if (outcome === "success" && !this.#hasFirstByte) this.route.metrics.firstByte(ms);
    if (this.#key !== undefined && entry.startedAt === 0) this.#key.waiting--;
    this.#countEnd(outcome, status, ms);
    this.#trace?.ended(outcome, status);
    this.#log(outcome, status, entry);
  }

  #countEnd(outcome: Outcome, status: number, ms: number): void {
    this.route.metrics.ended(outcome, status, ms);
    if (this.#key !== undefined) this.#key.outcomes[outcome]++;
  }

  /** Metrics of its API key. */
  get #key(): KeyMetrics | undefined {
    return this.flow && this.admission.keys.of(this.flow.name);
  }

  /** Fields of each line of the log about it. */
  protected logFields(): Readonly<Record<string, string>> {
    return { id: this.id, route: this.route.handler.name };
  }

  #log(outcome: Outcome, status: number, entry?: Entry): void {
    const { log } = this.admission;
    if (!log.isLevelEnabled("debug")) return;
    const now = performance.now();
    log.debug(
      {
        ...this.logFields(),
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
