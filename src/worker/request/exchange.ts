import { nanoid } from "nanoid";
import type { Outcome } from "../../../machines/events.js";
import type { TsworkerError } from "../../shared/errors.js";
import type { Payload } from "../../shared/wire.js";
import type { ModelHeaders } from "../config/model-headers.js";
import { workloadOf } from "../config/workload.js";
import type { KeyMetrics } from "../metrics/key-metrics.js";
import type { Entry } from "../report/ledger.js";
import { answers, type WorkerAnswer } from "../server/answer.js";
import type {
  Admission,
  EndOutcome,
  Flow,
  HandlerRoute,
  Refusal,
  RequestTrace,
  TracedHead,
} from "./admission.js";
import type { BodyBytes } from "./envelope/body.js";
import type { PayloadResult, ReadyPayload } from "./envelope/payload.js";

/** Produces the answer to a request. */
export interface AnswerProducer {
  /** The head was sent: no other answer is possible. */
  readonly hasBegun: boolean;
  /** The answer is no longer required. */
  cancel(): void;
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
 * Invariant: an admitted request ends exactly once, by `#end`, whatever the client and the model do.
 */
export abstract class Exchange {
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
  #producer: AnswerProducer | undefined;
  #totalTimer: NodeJS.Timeout | undefined;

  /** @param head of the client's request, valid during the call. */
  constructor(admission: Admission, route: HandlerRoute, head: TracedHead) {
    this.admission = admission;
    this.route = route;
    this.#trace = admission.observer?.trace(this.id, route.handler, head);
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
    return false;
  }
  /** Nothing more of the request's body is required. */
  protected closeBody(): void {}
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

  protected refuse(answer: WorkerAnswer, entry?: Entry): void {
    // A body that is too large is read to its end: many clients read no answer before they have sent all of it.
    const isUnfinished = this.isBodyUnfinished && answer.close !== true && answer.status !== 413;
    this.closeBody();
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
    this.closeBody();
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
    this.#trace?.admitted(entry, this.sessionId, payload.value);
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

  /** By which the model server joins the request's trace; undefined without one. */
  protected get traceHeaders(): ModelHeaders | undefined {
    return this.#trace?.modelHeaders;
  }

  /** Milliseconds of `performance.now()`. */
  protected get arrivedAt(): number {
    return this.#arrivedAt;
  }

  protected onPayloadResult(result: Exclude<PayloadResult, { readonly kind: "payload" }>): void {
    if (result.kind === "invalid-fields") this.refuse(answers.invalidFields(result.errors));
    else this.userCodeThrew("requestParser", result.error);
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
