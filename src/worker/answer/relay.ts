import { TsworkerError } from "../../shared/errors.js";
import type { AnswerHead } from "../model/answer-head.js";
import type { ModelCall } from "../model/call.js";
import type { AnswerSink } from "../model/connection.js";
import type { BodyWriter, Responder, WriterSink } from "../server/http-server.js";
import { isStreamType, withStreamHeaders } from "./stream-head.js";

/** A longer body that is no stream goes on in pieces too, rather than being held whole. */
const WHOLE_LIMIT = 64 * 1024;

/** Statuses whose answer has no body. */
const hasNoBody = (status: number): boolean => status === 204 || status === 304;

/** Hears how a relay went, once. */
export interface RelaySink {
  /** The answer has begun, and its body follows in pieces. */
  onBegun(): void;
  /** The client was handed the whole answer. */
  onRelayed(status: number): void;
  /** The model was not reached, took too long, or broke off, maybe in the middle of its answer. */
  onModelFailed(error: TsworkerError): void;
}

/** The model's answer on its way to the client. */
export class Relay implements AnswerSink, WriterSink {
  readonly #responder: Responder;
  readonly #sink: RelaySink;
  readonly #addsStreamHeaders: boolean;
  /** Set by whoever began the call; a relay that is cancelled cancels it. */
  call: ModelCall | undefined;
  #head: AnswerHead | undefined;
  #whole: Buffer | undefined;
  #writer: BodyWriter | undefined;
  #resume: () => void = () => {};

  constructor(responder: Responder, sink: RelaySink, addsStreamHeaders: boolean) {
    this.#responder = responder;
    this.#sink = sink;
    this.#addsStreamHeaders = addsStreamHeaders;
  }

  /** The head of the answer went out: the client can be told nothing else any more. */
  get hasBegun(): boolean {
    return this.#writer !== undefined;
  }

  /** Nobody wants the answer any more: the model's connection is closed. */
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
    const told = isStream && this.#addsStreamHeaders ? withStreamHeaders(head) : head;
    this.#writer = this.#responder.begin(told, head.length, this);
    this.#sink.onBegun();
  }

  onData(piece: Buffer): boolean {
    if (this.#writer !== undefined) return this.#writer.write(piece);
    if (this.#whole !== undefined) this.#whole = Buffer.concat([this.#whole, piece]);
    // All of the body, as usual with a small one: the end follows while the piece is still valid.
    else this.#whole = piece.length === this.#head?.length ? piece : Buffer.from(piece);
    return true;
  }

  onDrain(): void {
    this.#resume();
  }

  onFinish(): void {
    this.#sink.onRelayed(this.#head?.status ?? 0);
  }

  onEnd(): void {
    try {
      this.#end();
    } catch (cause) {
      const message = "the model's answer could not be passed on";
      this.#sink.onModelFailed(new TsworkerError("MODEL_UNREACHABLE", message, { cause }));
    }
  }

  onError(error: TsworkerError): void {
    this.#writer?.close();
    this.#sink.onModelFailed(error);
  }

  #end(): void {
    if (this.#writer !== undefined) {
      this.#writer.end();
      return;
    }
    const head = this.#head;
    if (head === undefined) return;
    this.#responder.answer(head, hasNoBody(head.status) ? undefined : (this.#whole ?? ""));
    this.#sink.onRelayed(head.status);
  }
}
