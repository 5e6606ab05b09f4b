import type { TsworkerError } from "../../shared/errors.js";
import { ModelSocket, type ModelSocketSink } from "../model/socket.js";
import { answers, type WorkerAnswer } from "../server/answer.js";
import type { ClientSocket, RequestHead, SocketEndpoint, SocketSink } from "../server/http-server.js";
import type { Admission, HandlerRoute, TracedHead } from "./admission.js";
import { envelopeOf, forwardedQuery } from "./client-query.js";
import type { BodyFormat } from "./envelope/body.js";
import { EnvelopeExchange } from "./envelope-exchange.js";
import type { AnswerProducer } from "./exchange.js";
import { REQUEST_ID, requestIdOf } from "./request-id.js";
import { closeOf, relayedClose } from "./socket-close.js";
import type { UnverifiedSocket } from "./unverified-sockets.js";

/** The upgrade request of a client. */
export interface SocketRequest {
  /** Part of the query for the model. */
  readonly query: string;
  /** The query parameter `envelope`; undefined where the envelope is the first message. */
  readonly envelope: string | undefined;
  /** The first subprotocol that the client offers; empty for none. */
  readonly protocol: string;
  /** The client's own id. */
  readonly requestId?: string | undefined;
  /** A copy of what observers read. */
  readonly head?: TracedHead;
}

const NO_HEAD: TracedHead = { method: "GET", path: "", header: () => "" };

/** Milliseconds from the connection to the complete envelope. */
const ENVELOPE_TIMEOUT_MS = 30_000;
/** Bytes that may wait for the model beside the largest frame so far, where the client cannot be paused. */
const WAITING_LIMIT = 16 * 1024 * 1024;
/** Bytes of an envelope, which is read before its sender is verified. Its payload is not forwarded. */
const MAX_ENVELOPE_BYTES = 64 * 1024;
/** Close code of a connection that ended without a close frame, RFC 6455 §7.4.1. */
const ABNORMAL_CLOSURE = 1006;
/** Status in metrics and logs of a successful WebSocket. */
const SWITCHING_PROTOCOLS = 101;

/**
 * A request that is a WebSocket. Its envelope is checked, queued and accounted like that of an HTTP request and determines
 * the workload; the payload is not forwarded. When its turn comes the worker connects to the model and relays frames in both
 * directions, unchanged and in order, until one side closes: code and reason of the close are relayed behind all frames.
 *
 * - An answer of the worker itself is the close code 4000 + HTTP status, with the error text as the reason. Before the first
 *   frame of the model, a text frame with the whole JSON precedes it.
 * - The envelope is at most 64 KiB: it is read before its sender is verified.
 * - Frames that a client sends while it waits for its turn or for the model are kept. Beyond 1 MiB for the model the client
 *   is paused. Where the server cannot pause it, a client for which more than 16 MiB plus its largest frame wait is closed
 *   with 4413 (outcome `error`).
 * - The model is not read while the client does not read.
 * - uWebSockets.js treats a close of the client with 1012 to 1014 or 3000 to 3999 as a broken connection (1006).
 *
 * Outcomes: `success` once one side has closed an accepted WebSocket with a handshake; `cancelled` when the client's
 * connection breaks, or it closes before the model has accepted; `error` for everything else. After the client has closed,
 * the request keeps its turn until the model has answered the close, a few seconds at most.
 */
export class SocketExchange
  extends EnvelopeExchange
  implements SocketSink, ModelSocketSink, UnverifiedSocket, AnswerProducer
{
  readonly #client: ClientSocket;
  readonly #request: SocketRequest;
  readonly #model: ModelSocket;
  /** `closing`: the client has closed, and the model has not answered the close yet. */
  #stage: "reading" | "forwarding" | "closing" | "closed" = "reading";
  #timer: NodeJS.Timeout | undefined;
  #hasBegun = false;
  #isPaused = false;
  #waitingLimit = WAITING_LIMIT;

  constructor(admission: Admission, route: HandlerRoute, request: SocketRequest, client: ClientSocket) {
    super(admission, route, request.head ?? NO_HEAD);
    this.#client = client;
    this.#request = request;
    this.#model = new ModelSocket(route.handler.timeouts, this);
    if (request.envelope !== undefined) this.#readEnvelope(Buffer.from(request.envelope), "json");
    else {
      admission.unverifiedSockets.add(this, client.limitFirstMessage(MAX_ENVELOPE_BYTES));
      this.#timer = setTimeout(() => this.#onTooSlow(), ENVELOPE_TIMEOUT_MS);
    }
  }

  /** A frame of the model was sent: from here on the client takes every frame for one. */
  get hasBegun(): boolean {
    return this.#hasBegun;
  }

  cancel(): void {
    this.#model.abandon();
  }

  override abort(answer: WorkerAnswer, outcome?: "error" | "cancelled"): void {
    if (this.#stage === "closing") this.#endClosing();
    else super.abort(answer, outcome);
  }

  onFrame(frame: Buffer, isBinary: boolean): void {
    if (this.#stage === "reading") this.#readEnvelope(frame, isBinary ? "msgpack" : "json");
    else if (this.#stage === "forwarding") this.#forward(frame, isBinary);
  }

  onDrain(): void {
    this.#model.resume();
  }

  onClose(code: number, reason: string): void {
    if (this.#stage === "closed") return;
    this.#stopEnvelopeTimer();
    if (code === ABNORMAL_CLOSURE || !this.#model.isOpen) {
      this.#stage = "closed";
      this.#model.abandon();
      this.onDisconnect();
      return;
    }
    this.#stage = "closing";
    const close = relayedClose(code, reason);
    this.#model.close(close.code, close.reason);
  }

  onModelFrame(frame: Buffer, isBinary: boolean): void {
    if (this.#stage !== "forwarding") return;
    this.admission.activity.chunks++;
    if (!this.#hasBegun) {
      this.#hasBegun = true;
      this.onBegun();
    }
    if (!this.#client.send(frame, isBinary)) this.#model.pause();
  }

  onModelDrain(): void {
    this.#resumeClient();
  }

  onModelClosed(code: number, reason: string): void {
    const close = relayedClose(code, reason);
    this.#close(close.code, close.reason);
    this.onComplete(SWITCHING_PROTOCOLS);
  }

  override onModelFailed(error: TsworkerError): void {
    if (this.#stage === "closing") {
      this.#endClosing();
      return;
    }
    super.onModelFailed(error);
  }

  protected respond(answer: WorkerAnswer): void {
    if (this.#stage === "reading" || this.#stage === "forwarding")
      this.#client.send(Buffer.from(JSON.stringify(answer.body)), false);
    this.abortResponse(answer);
  }

  protected abortResponse(answer: WorkerAnswer): void {
    const { code, reason } = closeOf(answer);
    this.#close(code, reason);
  }

  protected produceAnswer(): AnswerProducer {
    const { handler, modelServer } = this.route;
    if (modelServer === undefined) throw new Error(`${handler.route} has no model server`);
    const { query, protocol, requestId } = this.#request;
    this.#model.open({
      server: modelServer.url,
      headers: {
        ...(requestId !== undefined && { [REQUEST_ID]: requestId }),
        ...this.traceHeaders,
        ...modelServer.headers,
      },
      path: handler.modelRoute,
      query,
      protocol,
      maxMessageBytes: this.admission.maxBodyBytes,
    });
    return this;
  }

  protected override logFields(): Readonly<Record<string, string>> {
    const { requestId } = this.#request;
    return requestId === undefined ? super.logFields() : { ...super.logFields(), requestId };
  }

  #readEnvelope(envelope: Buffer, format: BodyFormat): void {
    this.#stopEnvelopeTimer();
    try {
      this.#stage = "forwarding";
      if (envelope.length > MAX_ENVELOPE_BYTES) this.refuse(answers.bodyTooLarge(MAX_ENVELOPE_BYTES));
      else this.read(envelope, true, format, envelope.length);
    } catch (error) {
      this.onInternalError(error);
    }
  }

  #forward(frame: Buffer, isBinary: boolean): void {
    if (this.#model.waiting > this.#waitingLimit) {
      this.abort(answers.tooFast(WAITING_LIMIT));
      return;
    }
    this.#waitingLimit = Math.max(this.#waitingLimit, WAITING_LIMIT + frame.length);
    if (this.#model.send(frame, isBinary) || this.#isPaused) return;
    this.#isPaused = true;
    this.#client.pause();
  }

  onOverload(): void {
    this.#stopEnvelopeTimer();
    this.refuse(answers.unverifiedSocketsFull());
  }

  #onTooSlow(): void {
    this.#stopEnvelopeTimer();
    this.refuse(answers.envelopeTooSlow(ENVELOPE_TIMEOUT_MS / 1000));
  }

  /** The envelope has arrived, or will not. */
  #stopEnvelopeTimer(): void {
    clearTimeout(this.#timer);
    this.admission.unverifiedSockets.delete(this);
  }

  /** The client was served and has closed: what the model does about it is irrelevant. */
  #endClosing(): void {
    this.#stage = "closed";
    this.#model.abandon();
    this.onComplete(SWITCHING_PROTOCOLS);
  }

  #close(code: number | undefined, reason: string): void {
    if (this.#stage === "closed") return;
    const wasClosing = this.#stage === "closing";
    this.#stage = "closed";
    this.#model.abandon();
    if (wasClosing) return;
    // A paused client could not answer the close.
    this.#resumeClient();
    this.#client.close(code, reason);
  }

  #resumeClient(): void {
    if (!this.#isPaused) return;
    this.#isPaused = false;
    this.#client.resume();
  }
}

/**
 * Accepts WebSockets at a handler's route. The envelope is the first message, text in JSON or binary in msgpack, or the
 * query parameter `envelope` in URL-encoded JSON; `forwardQuery` selects which other parameters the model receives. The rest
 * is up to {@link SocketExchange}.
 *
 * @example
 * ```ts
 * const socket = new WebSocket(`ws://worker/ws?clientId=1&envelope=${encodeURIComponent(JSON.stringify(envelope))}`);
 * ```
 */
export const socketEndpoint = (admission: Admission, route: HandlerRoute): SocketEndpoint => ({
  path: route.handler.route,
  maxMessageBytes: admission.maxBodyBytes,
  accept: (head) => {
    const [offered = ""] = head.header("sec-websocket-protocol").split(",");
    const request: SocketRequest = {
      envelope: envelopeOf(head.query),
      query: forwardedQuery(head.query, route.handler.forwardQuery),
      protocol: offered.trim(),
      requestId: requestIdOf(head),
      ...(admission.observer !== undefined && { head: copyOf(head) }),
    };
    return (socket) => new SocketExchange(admission, route, request, socket);
  },
});

/** A head that stays valid. */
function copyOf(head: RequestHead): TracedHead {
  const headers = new Map<string, string>();
  head.forEachHeader((name, value) => headers.set(name, value));
  return { method: head.method, path: head.path, header: (name) => headers.get(name) ?? "" };
}
