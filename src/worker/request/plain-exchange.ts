import type { Payload } from "../../shared/wire.js";
import type { ApiKey } from "../auth/api-key.js";
import { keyRefusalAnswer, type PlainAccess } from "../auth/plain-access.js";
import { modelPathOf } from "../config/route-path.js";
import { DEFAULT_WORKLOAD } from "../config/workload.js";
import { isSource, type ModelCall } from "../model/call.js";
import type { ModelClient } from "../model/client.js";
import type { AnswerSink } from "../model/connection.js";
import { Entry } from "../report/ledger.js";
import { answers, asOpenAiError, type WorkerAnswer } from "../server/answer.js";
import { type RequestHead, type Responder, withHeaders } from "../server/http-server.js";
import { MappedHeads } from "../server/mapped-heads.js";
import type { Admission, HandlerRoute, Refusal } from "./admission.js";
import type { BodyBytes } from "./envelope/body.js";
import { plainPayload, type ReadyPayload, requiresJson } from "./envelope/payload.js";
import { HttpExchange, type SentPayload } from "./http-exchange.js";
import { KeptBody, StreamedBody } from "./plain-body.js";
import { hasDotSegments, isJson, type PlainHead, readPlainHead } from "./plain-head.js";
import { REQUEST_ID } from "./request-id.js";

/** Bytes of a refused body up to which the rest is read, so that the connection stays open. */
const SMALL_BODY = 64 * 1024;

const NO_BODY: BodyBytes = Buffer.alloc(0);

/** Requests have numbers only where an engine gives them. */
const NO_NUMBER = 0;

/**
 * A request without an envelope: method, headers and body are those of the model's API, an API key determines who may send
 * it, and errors have the shape of OpenAI's API. What it shares with other requests over HTTP is the answer.
 *
 * A body in JSON is read as a whole: it determines the workload. Any other, such as an upload in multipart, is not interpreted
 * and is sent to the model as it arrives.
 */
export class PlainExchange extends HttpExchange {
  readonly #head: PlainHead | undefined;
  readonly #refused: WorkerAnswer | undefined;
  readonly #key: ApiKey | undefined;
  readonly #method: string;
  readonly #modelPath: string;
  /** Bodies of its sender, who is unknown, share a memory budget. */
  readonly #isUnverified: boolean;
  /** For a body that arrives in several pieces. */
  #kept: KeptBody | undefined;
  /** Bytes of the body that are announced. */
  readonly #announced: number;
  /** Bytes of the body that are announced and did not come. */
  #missing: number;
  #streamed: StreamedBody | undefined;
  #deadline: NodeJS.Timeout | undefined;

  constructor(
    admission: Admission,
    route: HandlerRoute,
    access: PlainAccess,
    head: RequestHead,
    query: string,
    responder: Responder,
  ) {
    super(admission, route, head, query, responder);
    const { handler } = route;
    const caller = access.check(head);
    const read = readPlainHead(head, handler);
    this.#head = "status" in read ? undefined : read;
    this.#key = caller.kind === "key" ? caller.key : undefined;
    // A GET includes HEAD, whose answer has no body: the server leaves it out.
    this.#method = handler.method;
    this.#modelPath = modelPathOf(handler.route, head.path, handler.modelRoute);
    this.#announced = head.contentLength;
    this.#missing = head.contentLength;
    if (this.#key !== undefined) {
      const { name, weight, maxPriority } = this.#key;
      this.flow = { name, weight, priority: Math.min(this.#head?.priority ?? 0, maxPriority) };
    }
    if (caller.kind === "refused") this.#refused = caller.answer;
    else if ("status" in read) this.#refused = read;
    else if (hasDotSegments(head.path)) this.#refused = answers.notFound();
    else if (read.hasBody && !isJson(read) && requiresJson(handler)) this.#refused = answers.notJson();
    this.#isUnverified = caller.kind === "anybody";
    this.responder = new MappedHeads(responder, (answered) => withHeaders(answered, this.#ownHeaders()));
  }

  override receive(): void {
    if (this.#refused !== undefined) {
      this.refuse(this.#refused);
      return;
    }
    const refusal = this.admission.checkTraffic() ?? this.#limitRefusal(0);
    if (refusal === undefined) super.receive();
    else this.#reject(refusal);
  }

  override onPiece(piece: Buffer, isLast: boolean): void {
    try {
      this.#missing = isLast ? 0 : this.#missing - piece.length;
      if (this.#streamed !== undefined) this.#streamed.push(piece, isLast);
      else if (this.#head !== undefined) this.#onPiece(piece, isLast, this.#head);
    } catch (error) {
      this.onInternalError(error);
    }
  }

  override onTooLarge(): void {
    this.#end(answers.bodyTooLarge(this.admission.maxBodyBytes));
  }

  override onTooSlow(): void {
    this.#end(answers.bodyTooSlow());
  }

  protected override closeBody(): void {
    this.#kept?.release();
    this.#kept = undefined;
  }

  protected override get isBodyUnfinished(): boolean {
    return this.#missing > SMALL_BODY;
  }

  protected override checkLoad(entry: Entry): Refusal | undefined {
    return super.checkLoad(entry) ?? this.#limitRefusal(entry.workload);
  }

  protected override onAdmitted(
    payload: Payload | undefined,
    wholeBody: () => BodyBytes,
    entry: Entry,
  ): void {
    super.onAdmitted(payload, wholeBody, entry);
    this.closeBody();
    this.#key?.admitted(entry.workload, entry.arrivedAt);
    const deadlineMs = this.#head?.deadlineMs;
    if (deadlineMs === undefined) return;
    const left = Math.max(0, deadlineMs - (performance.now() - this.arrivedAt));
    this.#deadline = setTimeout(() => this.abort(answers.deadlineExceeded(deadlineMs), "cancelled"), left);
  }

  override start(): void {
    clearTimeout(this.#deadline);
    super.start();
  }

  protected override onEnded(): void {
    clearTimeout(this.#deadline);
    this.#key?.ended();
    super.onEnded();
  }

  protected override sendToModel(
    model: ModelClient,
    { body, contentType }: SentPayload,
    sink: AnswerSink,
  ): ModelCall {
    const type = isSource(body) || body === undefined ? this.#head?.contentType : contentType;
    const headers = {
      ...this.#head?.forwarded,
      [REQUEST_ID]: this.#ownId,
      ...this.traceHeaders,
      ...(body !== undefined && type !== undefined && type !== "" && { "content-type": type }),
    };
    const request = { method: this.#method, path: this.#modelPath, query: this.query, headers };
    return model.send(request, body, sink);
  }

  protected override shaped(answer: WorkerAnswer): WorkerAnswer {
    return asOpenAiError(answer);
  }

  protected override logFields(): Readonly<Record<string, string>> {
    return {
      ...super.logFields(),
      requestId: this.#ownId,
      ...(this.#key !== undefined && { key: this.#key.name }),
    };
  }

  get #ownId(): string {
    return this.requestId ?? this.id;
  }

  #onPiece(piece: Buffer, isLast: boolean, head: PlainHead): void {
    const isWhole = isLast || isJson(head);
    if (!isWhole) {
      this.#streamed = new StreamedBody(head.length, this.responder);
      this.#streamed.push(piece, false);
      this.#admit({ kind: "payload", value: undefined, body: this.#streamed, contentType: head.contentType });
      return;
    }
    if (isLast && this.#kept === undefined) {
      this.#onWholeBody(head, piece);
      return;
    }
    const budget = this.#isUnverified ? this.admission.unverified : undefined;
    this.#kept ??= new KeptBody(this.#announced, budget, () => this.onTooSlow());
    if (!this.#kept.push(piece)) this.refuse(answers.openBodiesFull());
    else if (isLast) this.#onWholeBody(head, this.#kept.bytes);
  }

  /** @param bytes in one piece they are valid during the call. */
  #onWholeBody(head: PlainHead, bytes: BodyBytes): void {
    const { handler } = this.route;
    if (!head.hasBody && handler.method !== "POST") {
      this.#admit({ kind: "payload", value: undefined, body: undefined, contentType: "" });
      return;
    }
    if (!isJson(head)) {
      const body = Buffer.isBuffer(bytes) ? Buffer.from(bytes) : bytes;
      this.#admit({ kind: "payload", value: undefined, body, contentType: head.contentType });
      return;
    }
    const payload = plainPayload(bytes, handler);
    if (payload.kind === "payload") this.#admit(payload, bytes);
    else if (payload.kind === "invalid-json") this.refuse(answers.invalidJsonObject());
    else this.onPayloadResult(payload);
  }

  #admit(payload: ReadyPayload, body: BodyBytes = NO_BODY): void {
    this.takeIn(payload, this.#entryOf(this.workloadOf(payload.value)), () => body);
  }

  #entryOf(workload: number): Entry {
    return new Entry("request", NO_NUMBER, NO_NUMBER, workload, this.arrivedAt);
  }

  #reject({ answer, isReported }: Refusal): void {
    // Its payload was not read.
    const entry = this.#entryOf(DEFAULT_WORKLOAD);
    if (isReported) this.admission.reject(entry);
    this.refuse(answer, entry);
  }

  /** Ends a request whose body does not come as it should. */
  #end(answer: WorkerAnswer): void {
    if (this.isOpen) this.abort(answer);
    else this.refuse(answer);
  }

  #limitRefusal(workload: number): Refusal | undefined {
    const refusal = this.#key?.refusal(workload, performance.now());
    return refusal && { answer: keyRefusalAnswer(refusal), isReported: true };
  }

  #ownHeaders(): readonly string[] {
    const limits = this.#key?.limitHeaders(performance.now()) ?? [];
    return [REQUEST_ID, this.#ownId, ...limits];
  }
}
