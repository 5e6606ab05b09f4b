import { TsworkerError } from "../../shared/errors.js";
import type { AnswerHead } from "./answer-head.js";
import type { AnswerSink, Connection, ModelTimeouts } from "./connection.js";

/** The body of a request to the model: bytes, whole or in parts, or a text of one byte per character. */
export type RequestBody = Uint8Array | string | readonly Uint8Array[];

/** Takes a body that is sent as it arrives. */
export interface BodyTarget {
  /**
   * @param piece is copied.
   * @returns false when the source is to pause until `onDrain`. After the end of the call it does nothing.
   */
  write(piece: Buffer): boolean;
  end(): void;
}

/** A body that is sent as it arrives, once: a request with it cannot be sent again. */
export interface BodySource {
  /** Bytes; undefined where they are not known: the body is sent in chunks. */
  readonly length: number | undefined;
  /** The connection takes pieces from now on. */
  onOpen(target: BodyTarget): void;
  /** It takes more. */
  onDrain(): void;
}

/** What a request to the model carries; undefined: no body. */
export type SentBody = RequestBody | BodySource | undefined;

export const isSource = (body: SentBody): body is BodySource => typeof body === "object" && "onOpen" in body;

/** Bytes of a body. */
export function lengthOf(body: RequestBody): number {
  if (typeof body === "string" || body instanceof Uint8Array) return body.length;
  let length = 0;
  for (const part of body) length += part.length;
  return length;
}

/** A request in progress at the model. */
export interface ModelCall {
  /** Closes the model's connection; the sink is not called any more. After the end of the answer it does nothing. */
  cancel(): void;
}

/** A request as it is sent. */
export interface ModelRequest {
  /** Its lines without those about the body's length, each with its end. */
  readonly head: string;
  readonly body: SentBody;
  readonly timeouts: ModelTimeouts;
  /** Called when the request is sent for the second time. */
  readonly onResent: (() => void) | undefined;
}

/** Sends calls. */
export interface CallSender {
  /** Sends a call once more, on a new connection. */
  resend(call: Call): void;
  /** The call does not wait any more. */
  forget(call: Call): void;
}

/**
 * A body beyond this many bytes is sent on a new connection, where it can only be sent once: it need not be held until
 * the answer begins. A new connection costs little compared with it.
 */
const MAX_HELD_BYTES = 1024 * 1024;

/**
 * One request to the model, from the queue for a connection to the end of its answer.
 *
 * ```
 * waiting ─▶ sent ─▶ answered
 *             │ ▲
 *             ▼ │ at most once
 *            resent
 * ```
 *
 * Servers close idle connections whenever they like, and that may be at the moment at which a request is sent. A request
 * on a reused connection that ends before the first byte of an answer is therefore sent once more, on a new connection.
 */
export class Call implements ModelCall {
  readonly #sink: AnswerSink;
  readonly #sender: CallSender;
  /** Undefined when it cannot be sent again. */
  #request: ModelRequest | undefined;
  #connection: Connection | undefined;
  #headTimer: NodeJS.Timeout | undefined;
  #isOver = false;
  #wasResent = false;
  #hasHead = false;
  readonly #headersMs: number | null;
  readonly idleMs: number | null;
  readonly connectMs: number | null;

  constructor(request: ModelRequest, sink: AnswerSink, sender: CallSender) {
    this.#request = request;
    this.#sink = sink;
    this.#sender = sender;
    const { connectMs, headersMs, idleMs } = request.timeouts;
    this.connectMs = connectMs;
    this.idleMs = idleMs;
    this.#headersMs = headersMs;
    if (!isSource(request.body)) this.onSent();
  }

  /** It is to be sent on a connection that was not used before. */
  get needsNewConnection(): boolean {
    const body = this.#request?.body;
    return body !== undefined && (isSource(body) || lengthOf(body) > MAX_HELD_BYTES);
  }

  /** The whole body was handed over: from here on the model is limited in time. */
  onSent(): void {
    const limit = this.#headersMs;
    if (limit === null || this.#isOver || this.#hasHead) return;
    this.#headTimer = setTimeout(() => this.#onHeadTimeout(limit), limit);
  }

  /** Writes the request. @param isReused the connection may turn out to be closed already. */
  sendOn(connection: Connection, isReused: boolean): void {
    const request = this.#request;
    if (request === undefined) return;
    this.#connection = connection;
    if (!isReused) this.#request = undefined;
    try {
      connection.send(request.head, request.body, this);
    } catch (cause) {
      // Rethrown, it would end the worker with all of its requests.
      connection.destroy();
      const message = "the request could not be sent";
      this.#sink.onError(new TsworkerError("MODEL_UNREACHABLE", message, { cause }));
    }
  }

  cancel(): void {
    if (this.#isOver) return;
    const connection = this.#connection;
    this.end();
    if (connection === undefined) this.#sender.forget(this);
    else connection.destroy();
  }

  onHead(head: AnswerHead, resume: () => void): void {
    this.#request = undefined;
    this.#hasHead = true;
    if (this.#headTimer !== undefined) clearTimeout(this.#headTimer);
    this.#sink.onHead(head, resume);
  }

  onData(piece: Buffer): boolean {
    return this.#sink.onData(piece);
  }

  onEnd(): void {
    // By now the connection may be another call's.
    this.end();
    this.#sink.onEnd();
  }

  onError(error: TsworkerError): void {
    this.end();
    this.#sink.onError(error);
  }

  /** A reused connection ended, or was out of step, before the first byte of an answer. */
  onUnanswered(error: TsworkerError): void {
    if (this.#request === undefined || this.#wasResent) {
      this.onError(error);
      return;
    }
    this.#connection = undefined;
    this.#wasResent = true;
    this.#request.onResent?.();
    this.#sender.resend(this);
  }

  /** Its sink is not called any more, and its body is released. */
  end(): void {
    this.#isOver = true;
    this.#connection = undefined;
    this.#request = undefined;
    if (this.#headTimer !== undefined) clearTimeout(this.#headTimer);
  }

  #onHeadTimeout(limit: number): void {
    this.cancel();
    const message = `the model did not begin to answer within ${limit} ms`;
    this.#sink.onError(new TsworkerError("MODEL_TIMEOUT", message));
  }
}
