import { TsworkerError } from "../../shared/errors.js";
import type { AnswerHead } from "../model/answer-head.js";
import type { ModelCall } from "../model/call.js";
import type { AnswerSink } from "../model/connection.js";
import type { BodyWriter, Responder, WriterSink } from "../server/http-server.js";
import { isStreamType, withStreamHeaders } from "./stream-format.js";
import type { TokenCounter } from "./token-counter.js";

/** Bytes of a body up to which it is sent in one piece, unless it is a stream. */
const WHOLE_LIMIT = 64 * 1024;

/** The lowest status of an error. */
const FIRST_ERROR = 400;

/** Statuses whose answer has no body. */
const hasNoBody = (status: number): boolean => status === 204 || status === 304;

/** Receives the result of a relay, once. */
export interface RelaySink {
  /** The head of the answer was sent; its body follows in pieces. */
  onBegun(): void;
  /** The whole answer was handed over to the client. */
  onComplete(status: number): void;
  /** The model was not reached, exceeded a time limit, or disconnected, possibly after a part of its answer. */
  onModelFailed(error: TsworkerError): void;
}

/** Relays the model's answer to the client. */
export class Relay implements AnswerSink, WriterSink {
  readonly #responder: Responder;
  readonly #sink: RelaySink;
  readonly #addsStreamHeaders: boolean;
  readonly #tokens: TokenCounter | undefined;
  /** The call of the model, which `cancel` cancels. */
  call: ModelCall | undefined;
  #head: AnswerHead | undefined;
  #whole: Buffer | undefined;
  #writer: BodyWriter | undefined;
  #resume: () => void = () => {};

  /** @param tokens undefined: the tokens of the answer are not counted. */
  constructor(responder: Responder, sink: RelaySink, addsStreamHeaders: boolean, tokens?: TokenCounter) {
    this.#responder = responder;
    this.#sink = sink;
    this.#addsStreamHeaders = addsStreamHeaders;
    this.#tokens = tokens;
  }

  /** The head was sent: no other answer is possible. */
  get hasBegun(): boolean {
    return this.#writer !== undefined;
  }

  /** The answer is no longer required: closes the connection to the model. */
  cancel(): void {
    this.#writer?.close();
    this.call?.cancel();
  }

  onHead(head: AnswerHead, resume: () => void): void {
    this.#head = head;
    this.#resume = resume;
    const { status, length = 0 } = head;
    const isStream = isStreamType(head.contentType);
    const isWhole = !isStream && head.length !== undefined && length <= WHOLE_LIMIT;
    if (hasNoBody(status) || head.length === 0 || isWhole) return;
    const sent = isStream && this.#addsStreamHeaders ? withStreamHeaders(head) : head;
    this.#writer = this.#responder.begin(sent, head.length, this);
    this.#sink.onBegun();
  }

  onData(piece: Buffer): boolean {
    if (this.#writer !== undefined) {
      this.#tokens?.piece(piece);
      return this.#writer.write(piece);
    }
    if (this.#whole !== undefined) this.#whole = Buffer.concat([this.#whole, piece]);
    // Usually a small body is one piece, and the end follows while it is still valid.
    else this.#whole = piece.length === this.#head?.length ? piece : Buffer.from(piece);
    return true;
  }

  onDrain(): void {
    this.#resume();
  }

  onFinish(): void {
    this.#sink.onComplete(this.#head?.status ?? 0);
  }

  onEnd(): void {
    try {
      this.#end();
    } catch (cause) {
      const message = "the model's answer could not be relayed";
      this.#sink.onModelFailed(new TsworkerError("MODEL_UNREACHABLE", message, { cause }));
    }
  }

  onError(error: TsworkerError): void {
    this.#writer?.close();
    this.#sink.onModelFailed(error);
  }

  #end(): void {
    const head = this.#head;
    if (head === undefined) return;
    const tokens = head.status < FIRST_ERROR ? this.#tokens : undefined;
    if (this.#writer !== undefined) {
      tokens?.end(isStreamType(head.contentType));
      this.#writer.end();
      return;
    }
    if (this.#whole !== undefined) tokens?.whole(this.#whole);
    this.#responder.answer(head, hasNoBody(head.status) ? undefined : (this.#whole ?? ""));
    this.#sink.onComplete(head.status);
  }
}
