import { PayloadError } from "../../shared/errors.js";
import { whyUnwritable } from "../../shared/json-text.js";
import type { Payload } from "../../shared/wire.js";
import { lateRequestOf, type RequestMaker } from "../answer/fetch-request.js";
import { FunctionAnswer, type FunctionSink } from "../answer/function-answer.js";
import { GeneratedAnswer, type GeneratedSink } from "../answer/generated-answer.js";
import { KeepAliveStream } from "../answer/keep-alive-stream.js";
import { Relay } from "../answer/relay.js";
import { TokenCounter } from "../answer/token-counter.js";
import { isSource, type ModelCall } from "../model/call.js";
import type { ModelClient } from "../model/client.js";
import type { AnswerSink } from "../model/connection.js";
import { GeneratorError, generatedBody, generatesBody } from "../model/generated-body.js";
import type { Entry } from "../report/ledger.js";
import { answers, sendAnswer, type WorkerAnswer } from "../server/answer.js";
import { type RequestHead, type RequestSink, type Responder, withHeaders } from "../server/http-server.js";
import { MappedHeads } from "../server/mapped-heads.js";
import type { Admission, HandlerRoute } from "./admission.js";
import { type BodyBytes, type BodyFormat, formatOf } from "./envelope/body.js";
import type { ReadyPayload } from "./envelope/payload.js";
import { EnvelopeExchange } from "./envelope-exchange.js";
import type { AnswerProducer } from "./exchange.js";
import { REQUEST_ID, requestIdOf } from "./request-id.js";

/** What is sent to the model. */
export type SentPayload = Pick<ReadyPayload, "body" | "contentType">;

/**
 * A request over HTTP. It is itself the listener for the body, the model's answer and the user's function, which saves
 * closures for each request.
 */
export class HttpExchange extends EnvelopeExchange implements RequestSink, GeneratedSink, FunctionSink {
  protected responder: Responder;
  readonly #format: BodyFormat;
  /** Bytes of the body; 0 where they are not announced. */
  readonly #expected: number;
  /** The client's own, if it has sent one. */
  protected readonly requestId: string | undefined;
  /** Part of the client's query for the model. */
  protected readonly query: string;
  /** Makes the client's request for a `responseGenerator` from its body; it holds a copy of the head. */
  readonly #clientRequest: RequestMaker | undefined;
  /** Copied while the envelope is valid. */
  #clientBody: readonly Buffer[] = [];
  /** The `accept` header names server-sent events; evaluated only with `sseKeepAliveMs`. */
  readonly #acceptsEvents: boolean;
  /** Wraps the responder of a stream with keep-alive comments. */
  #keepAlive: KeepAliveStream | undefined;

  /** @param query for the model. */
  constructor(
    admission: Admission,
    route: HandlerRoute,
    head: RequestHead,
    query: string,
    responder: Responder,
  ) {
    super(admission, route, head);
    const id = requestIdOf(head);
    this.requestId = id;
    this.responder =
      id === undefined
        ? responder
        : new MappedHeads(responder, (answered) => withHeaders(answered, [REQUEST_ID, id]));
    this.query = query;
    this.#acceptsEvents =
      route.handler.sseKeepAliveMs !== null && /\btext\/event-stream\b/i.test(head.header("accept"));
    this.#format = formatOf(head.header("content-type"));
    this.#expected = head.contentLength;
    if (route.handler.responseGenerator !== undefined) this.#clientRequest = lateRequestOf(head.path, head);
  }

  /** Reads the body, unless it is refused before. */
  receive(): void {
    this.responder.receive(this.admission.maxBodyBytes, this);
  }

  onPiece(piece: Buffer, isLast: boolean): void {
    try {
      this.read(piece, isLast, this.#format, this.#expected);
    } catch (error) {
      this.onInternalError(error);
    }
  }

  onTooLarge(): void {
    this.refuse(answers.bodyTooLarge(this.admission.maxBodyBytes));
  }

  onTooSlow(): void {
    this.refuse(answers.bodyTooSlow());
  }

  onThrown(error: unknown): void {
    const { remoteFunction } = this.route.handler;
    this.userCodeThrew(remoteFunction === undefined ? "responseGenerator" : "remoteFunction", error);
  }

  protected override onAdmitted(
    payload: Payload | undefined,
    wholeBody: () => BodyBytes,
    _entry: Entry,
  ): void {
    if (this.#clientRequest !== undefined) {
      const body = wholeBody();
      this.#clientBody = Buffer.isBuffer(body) ? [Buffer.from(body)] : body;
    }
    const { modelRoute: route, sseKeepAliveMs: keepAliveMs } = this.route.handler;
    if (keepAliveMs === null || (payload?.stream !== true && !this.#acceptsEvents)) return;
    const addsStreamHeaders = this.admission.streamHeaders;
    this.#keepAlive = new KeepAliveStream(this.responder, { route, keepAliveMs, addsStreamHeaders });
    this.responder = this.#keepAlive;
  }

  protected override onEnded(): void {
    this.#keepAlive?.stop();
  }

  protected respond(answer: WorkerAnswer): void {
    const shaped = this.shaped(answer);
    if (this.#keepAlive?.fail(shaped) !== true) sendAnswer(this.responder, shaped);
  }

  protected abortResponse(answer: WorkerAnswer): void {
    if (this.#keepAlive?.fail(this.shaped(answer)) !== true) this.responder.close();
  }

  /** An answer of the worker itself in the shape of the API that the client expects. */
  protected shaped(answer: WorkerAnswer): WorkerAnswer {
    return answer;
  }

  protected produceAnswer(payload: ReadyPayload): AnswerProducer | undefined {
    const { handler, model } = this.route;
    const { streamHeaders } = this.admission;
    if (handler.remoteFunction !== undefined) {
      const answer = new FunctionAnswer(this.responder, handler.timeouts, this, streamHeaders);
      void answer.call(handler.remoteFunction, payload.value ?? {});
      return answer;
    }
    if (model === undefined) throw new Error(`${handler.route} has neither a model nor a remoteFunction`);
    const sent = generatesBody(handler) ? this.#generate(payload.value ?? {}) : payload;
    if (sent === undefined) return undefined;
    const answer =
      handler.responseGenerator === undefined || this.#clientRequest === undefined
        ? new Relay(this.responder, this, streamHeaders, this.#tokenCounter())
        : new GeneratedAnswer(
            this.responder,
            this.#clientRequest(this.#clientBody),
            handler.responseGenerator,
            this,
            streamHeaders,
          );
    answer.call = this.sendToModel(model, sent, answer);
    return answer;
  }

  #tokenCounter(): TokenCounter | undefined {
    const { generation } = this.route.metrics;
    return generation && new TokenCounter(generation, this.arrivedAt);
  }

  protected sendToModel(model: ModelClient, { body, contentType }: SentPayload, sink: AnswerSink): ModelCall {
    if (body === undefined || isSource(body)) throw new Error("the body of an envelope's payload is whole");
    const { modelRoute: path } = this.route.handler;
    const { requestId, traceHeaders, query } = this;
    // The usual request, whose head is cached.
    if (requestId === undefined && traceHeaders === undefined)
      return model.post(path, body, sink, contentType, query);
    const headers = {
      "content-type": contentType,
      ...(requestId !== undefined && { [REQUEST_ID]: requestId }),
      ...traceHeaders,
    };
    return model.send({ method: "POST", path, query, headers }, body, sink);
  }

  protected override logFields(): Readonly<Record<string, string>> {
    const { requestId } = this;
    return requestId === undefined ? super.logFields() : { ...super.logFields(), requestId };
  }

  /** The body that the handler's own functions make; undefined if they failed, which ends the request. */
  #generate(payload: Payload): SentPayload | undefined {
    try {
      return generatedBody(this.route.handler, payload);
    } catch (error) {
      if (error instanceof RangeError)
        this.fail(answers.invalidFields({ payload: { data: whyUnwritable(error) } }));
      else if (!(error instanceof GeneratorError)) throw error;
      else if (error.cause instanceof PayloadError)
        this.fail(answers.invalidFields({ payload: { ...error.cause.fields } }));
      else this.userCodeThrew(error.option, error.cause);
      return undefined;
    }
  }
}
