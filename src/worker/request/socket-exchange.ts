import type { TsworkerError } from "../../shared/errors.js";
import { ModelSocket, type ModelSocketSink } from "../model/socket.js";
import { type Answer, answers } from "../server/answer.js";
import type { ClientSocket, SocketSink } from "../server/http-server.js";
import type { BodyFormat } from "./envelope/body-format.js";
import { Exchange, type Gate, type Route, type Work } from "./exchange.js";
import { closeOf, passedOn } from "./socket-close.js";
import type { UnverifiedSocket } from "./unverified-sockets.js";

/** What a client asked for when it connected. */
export interface SocketRequest {
  /** Without the envelope, as it was sent. */
  readonly query: string;
  /** The text of the query parameter `envelope`; undefined where it comes as the first message. */
  readonly envelope: string | undefined;
  /** The first subprotocol that was offered; empty for none. */
  readonly protocol: string;
}

/** Milliseconds after connecting within which the envelope must be there. */
const ENVELOPE_TIMEOUT_MS = 30_000;
/** Bytes that may wait for the model beside the largest frame so far, when a client that cannot be paused sends on. */
const WAITING_LIMIT = 16 * 1024 * 1024;
/** Bytes of an envelope, which comes before it is known who sends it. Its payload goes to nobody. */
const MAX_ENVELOPE_BYTES = 64 * 1024;
/** Close code of a client that vanished. */
const VANISHED = 1006;
/** The status of a WebSocket that went well. */
const SWITCHING_PROTOCOLS = 101;

/**
 * A request that is a WebSocket. Its envelope is checked, queued and counted like any other's, and weighs it; the payload
 * stays here. At its turn the model is dialled, and then frames go both ways, unchanged and in order, until one side
 * closes: its code and reason go to the other, behind every frame that it sent before.
 *
 * - An answer of the worker's own is the close code 4000 + HTTP status, with its error text as the reason. Unless the
 *   client has a frame of the model's already, a text frame with the whole JSON goes before.
 * - The envelope is at most 64 KiB: it comes before it is known who sends it.
 * - A client may send on while it waits and while the model is dialled: what it sends is kept. Beyond 1 MiB for the
 *   model it is paused. Where the server cannot do that, a client that sends on while 16 MiB and one frame as large as
 *   its largest wait is cut off with 4413, and that is an error.
 * - The model is not read while the client does not read.
 * - uWebSockets.js takes a client's close with 1012 to 1014 or 3000 to 3999 for a broken connection; with those, such a
 *   client has vanished.
 *
 * Outcomes: `success` once one side has closed an accepted WebSocket with a handshake; `cancelled` when the client
 * vanishes, or leaves before the model has accepted; `error` for everything else. When the client has closed, its turn
 * lasts until the model has answered that, a few seconds at most.
 */
export class SocketExchange extends Exchange implements SocketSink, ModelSocketSink, UnverifiedSocket, Work {
  readonly #client: ClientSocket;
  readonly #asked: SocketRequest;
  readonly #model: ModelSocket;
  /** `left`: the client has closed, and the model has not answered that yet. */
  #stage: "reading" | "taken" | "left" | "closed" = "reading";
  #timer: NodeJS.Timeout | undefined;
  #hasBegun = false;
  #isPaused = false;
  #waitingLimit = WAITING_LIMIT;

  constructor(gate: Gate, route: Route, asked: SocketRequest, client: ClientSocket) {
    super(gate, route);
    this.#client = client;
    this.#asked = asked;
    this.#model = new ModelSocket(route.handler.timeouts, this);
    if (asked.envelope !== undefined) this.#take(Buffer.from(asked.envelope), "json");
    else {
      gate.unverifiedSockets.add(this, client.limitFirst(MAX_ENVELOPE_BYTES));
      this.#timer = setTimeout(() => this.#onTooSlow(), ENVELOPE_TIMEOUT_MS);
    }
  }

  /** The client has a frame of the model's: from here on it takes every frame for one. */
  get hasBegun(): boolean {
    return this.#hasBegun;
  }

  cancel(): void {
    this.#model.abandon();
  }

  override abort(answer: Answer, outcome?: "error" | "cancelled"): void {
    if (this.#stage === "left") this.#endLeft();
    else super.abort(answer, outcome);
  }

  onFrame(frame: Buffer, isBinary: boolean): void {
    if (this.#stage === "reading") this.#take(frame, isBinary ? "msgpack" : "json");
    else if (this.#stage === "taken") this.#forward(frame, isBinary);
  }

  onDrain(): void {
    this.#model.resume();
  }

  onClose(code: number, reason: string): void {
    if (this.#stage === "closed") return;
    this.#stopWaiting();
    if (code === VANISHED || !this.#model.isOpen) {
      this.#stage = "closed";
      this.#model.abandon();
      this.clientGone();
      return;
    }
    this.#stage = "left";
    const close = passedOn(code, reason);
    this.#model.close(close.code, close.reason);
  }

  onModelFrame(frame: Buffer, isBinary: boolean): void {
    if (this.#stage !== "taken") return;
    this.gate.activity.heard++;
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
    const close = passedOn(code, reason);
    this.#close(close.code, close.reason);
    this.succeed(SWITCHING_PROTOCOLS);
  }

  onModelFailed(error: TsworkerError): void {
    if (this.#stage === "left") {
      this.#endLeft();
      return;
    }
    this.failOfModel(error);
  }

  protected tell(answer: Answer): void {
    if (this.#stage === "reading" || this.#stage === "taken")
      this.#client.send(Buffer.from(JSON.stringify(answer.body)), false);
    this.breakOff(answer);
  }

  protected breakOff(answer: Answer): void {
    const { code, reason } = closeOf(answer);
    this.#close(code, reason);
  }

  protected work(): Work {
    const { handler, modelServer } = this.route;
    if (modelServer === undefined) throw new Error(`${handler.route} has no model server`);
    const { query, protocol } = this.#asked;
    this.#model.open({
      server: modelServer.url,
      headers: modelServer.headers,
      path: handler.route,
      query,
      protocol,
      maxMessageBytes: this.gate.maxBodyBytes,
    });
    return this;
  }

  #take(envelope: Buffer, format: BodyFormat): void {
    this.#stopWaiting();
    try {
      this.#stage = "taken";
      if (envelope.length > MAX_ENVELOPE_BYTES) this.refuse(answers.bodyTooLarge(MAX_ENVELOPE_BYTES));
      else this.read(envelope, true, format, envelope.length);
    } catch (error) {
      this.onFault(error);
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

  onCrowded(): void {
    this.#stopWaiting();
    this.refuse(answers.crowdedSockets());
  }

  #onTooSlow(): void {
    this.#stopWaiting();
    this.refuse(answers.envelopeTooSlow(ENVELOPE_TIMEOUT_MS / 1000));
  }

  /** The envelope is there, or nothing more is expected. */
  #stopWaiting(): void {
    clearTimeout(this.#timer);
    this.gate.unverifiedSockets.delete(this);
  }

  /** The client was served and has closed: how the model takes that is no concern of anybody's. */
  #endLeft(): void {
    this.#stage = "closed";
    this.#model.abandon();
    this.succeed(SWITCHING_PROTOCOLS);
  }

  #close(code: number | undefined, reason: string): void {
    if (this.#stage === "closed") return;
    const hasLeft = this.#stage === "left";
    this.#stage = "closed";
    this.#model.abandon();
    if (hasLeft) return;
    // It could not answer the close otherwise.
    this.#resumeClient();
    this.#client.close(code, reason);
  }

  #resumeClient(): void {
    if (!this.#isPaused) return;
    this.#isPaused = false;
    this.#client.resume();
  }
}
