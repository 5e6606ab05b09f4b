import type { TsworkerError } from "../../shared/errors.js";
import type { Payload } from "../../shared/wire.js";
import { FunctionAnswer, type FunctionSink } from "../answer/function-answer.js";
import { GeneratedAnswer, type GeneratedSink } from "../answer/generated-answer.js";
import { KeptStream } from "../answer/kept-stream.js";
import { Relay } from "../answer/relay.js";
import { type Answer, answers } from "../server/answer.js";
import type { RequestHead, RequestSink, Responder } from "../server/http-server.js";
import { sendAnswer } from "../server/send-answer.js";
import { type BodyFormat, formatOf } from "./envelope/body-format.js";
import type { ReadyPayload } from "./envelope/payload.js";
import { Exchange, type Gate, type Route, type Work } from "./exchange.js";

/**
 * A request that is answered over HTTP. It hears of the body, the model's answer and the user's function itself, rather
 * than through closures made for each request.
 */
export class HttpExchange extends Exchange implements RequestSink, GeneratedSink, FunctionSink {
  #responder: Responder;
  readonly #format: BodyFormat;
  /** Bytes of the body; 0 where they are not announced. */
  readonly #expected: number;
  /** What of the client's query goes to the model. */
  readonly #query: string;
  /** The client's request for a `responseGenerator`, which is read before the head is gone. */
  readonly #clientRequest: Request | undefined;
  /** The client says by a header that it takes events; only looked at where its handler keeps streams alive. */
  readonly #acceptsEvents: boolean;
  /** The responder of a stream that is kept alive. */
  #kept: KeptStream | undefined;

  /** @param query what goes to the model of the client's query. */
  constructor(gate: Gate, route: Route, head: RequestHead, query: string, responder: Responder) {
    super(gate, route);
    this.#responder = responder;
    this.#query = query;
    this.#acceptsEvents =
      route.handler.sseKeepAliveMs !== null && /\btext\/event-stream\b/i.test(head.header("accept"));
    this.#format = formatOf(head.header("content-type"));
    this.#expected = head.contentLength;
    if (route.handler.responseGenerator !== undefined)
      this.#clientRequest = clientRequest(route.handler.route, head);
    responder.receive(gate.maxBodyBytes, this);
  }

  onPiece(piece: Buffer, isLast: boolean): void {
    try {
      this.read(piece, isLast, this.#format, this.#expected);
    } catch (error) {
      this.onFault(error);
    }
  }

  onTooLarge(): void {
    this.refuse(answers.bodyTooLarge(this.gate.maxBodyBytes));
  }

  onTooSlow(): void {
    this.refuse(answers.bodyTooSlow());
  }

  onGone(): void {
    this.clientGone();
  }

  onRelayed(status: number): void {
    this.succeed(status);
  }

  onModelFailed(error: TsworkerError): void {
    this.failOfModel(error);
  }

  onThrown(error: unknown): void {
    const { remoteFunction } = this.route.handler;
    this.userCodeThrew(remoteFunction === undefined ? "responseGenerator" : "remoteFunction", error);
  }

  protected override onAdmitted(payload: Payload | undefined): void {
    const { route, sseKeepAliveMs: keepAliveMs } = this.route.handler;
    if (keepAliveMs === null || (payload?.stream !== true && !this.#acceptsEvents)) return;
    const addsStreamHeaders = this.gate.streamHeaders;
    this.#kept = new KeptStream(this.#responder, { route, keepAliveMs, addsStreamHeaders });
    this.#responder = this.#kept;
  }

  protected override onEnded(): void {
    this.#kept?.stop();
  }

  protected tell(answer: Answer): void {
    if (this.#kept?.fail(answer) !== true) sendAnswer(this.#responder, answer);
  }

  protected breakOff(answer: Answer): void {
    if (this.#kept?.fail(answer) !== true) this.#responder.close();
  }

  protected work({ body, contentType, value }: ReadyPayload): Work {
    const { handler, model } = this.route;
    const { streamHeaders } = this.gate;
    if (handler.remoteFunction !== undefined) {
      const answer = new FunctionAnswer(this.#responder, handler.timeouts, this, streamHeaders);
      void answer.call(handler.remoteFunction, value ?? {});
      return answer;
    }
    if (model === undefined) throw new Error(`${handler.route} has neither a model nor a remoteFunction`);
    const answer =
      handler.responseGenerator === undefined || this.#clientRequest === undefined
        ? new Relay(this.#responder, this, streamHeaders)
        : new GeneratedAnswer(
            this.#responder,
            this.#clientRequest,
            handler.responseGenerator,
            this,
            streamHeaders,
          );
    answer.call = model.post(handler.route, body, answer, contentType, this.#query);
    return answer;
  }
}

/** What the client sent, but for the body. It may be anything; what fetch does not take is left out. */
function clientRequest(route: string, head: RequestHead): Request {
  const headers = new Headers();
  head.forEachHeader((name, value) => {
    try {
      headers.append(name, value);
    } catch {
      // No header that fetch knows how to hold.
    }
  });
  const origin = `http://${head.header("host")}`;
  const isHost = URL.canParse(origin) && new URL(origin).href === `${new URL(origin).origin}/`;
  const url = new URL(`${route}${head.query ? `?${head.query}` : ""}`, isHost ? origin : "http://localhost");
  return new Request(url, { method: "POST", headers });
}
