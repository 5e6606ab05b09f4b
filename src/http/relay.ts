import type { HttpResponse } from "uWebSockets.js";
import type { TsworkerError } from "../errors.js";
import type { AnswerSink, ModelCall } from "../model/client.js";
import { statusLine } from "./answer.js";
import { type AnswerHead, readHead } from "./answer-head.js";
import { BodyWriter } from "./body-writer.js";
import type { StallWatch } from "./stall-watch.js";

/** A longer body that is no stream goes on in pieces too, rather than being held whole. */
const WHOLE_LIMIT = 64 * 1024;

/** Statuses whose answer has no body. */
const hasNoBody = (status: number): boolean => status === 204 || status === 304;

/** Hears how a relay went, once. */
export interface RelaySink {
  /** The client was handed the whole answer. */
  onRelayed(status: number): void;
  /** The model was not reached, took too long, or broke off, maybe in the middle of its answer. */
  onModelFailed(error: TsworkerError): void;
}

/** The model's answer on its way to the client. */
export class Relay implements AnswerSink {
  readonly #res: HttpResponse;
  readonly #watch: StallWatch;
  readonly #sink: RelaySink;
  /** Set by whoever began the call; a relay that is cancelled cancels it. */
  call: ModelCall | undefined;
  #head: AnswerHead | undefined;
  #whole: Buffer | undefined;
  #writer: BodyWriter | undefined;
  #resume: () => void = () => {};

  constructor(res: HttpResponse, watch: StallWatch, sink: RelaySink) {
    this.#res = res;
    this.#watch = watch;
    this.#sink = sink;
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

  onHead(status: number, rawHeaders: readonly Buffer[], resume: () => void): void {
    const head = readHead(status, rawHeaders);
    this.#head = head;
    this.#resume = resume;
    if (hasNoBody(status) || head.length === 0 || (!head.isStream && (head.length ?? 0) <= WHOLE_LIMIT)) return;
    this.#res.cork(() => this.#writeHead(head));
    this.#writer = new BodyWriter(this.#res, head.length, this.#watch, {
      onDrain: () => this.#resume(),
      onFinish: () => this.#sink.onRelayed(status),
    });
  }

  onData(chunk: Buffer): boolean {
    if (this.#writer !== undefined) return this.#writer.write(chunk);
    this.#whole = this.#whole === undefined ? chunk : Buffer.concat([this.#whole, chunk]);
    return true;
  }

  onEnd(): void {
    if (this.#writer !== undefined) {
      this.#writer.end();
      return;
    }
    const head = this.#head;
    if (head === undefined) return;
    this.#res.cork(() => {
      this.#writeHead(head);
      if (hasNoBody(head.status)) this.#res.endWithoutBody();
      else this.#res.end(this.#whole);
    });
    this.#sink.onRelayed(head.status);
  }

  onError(error: TsworkerError): void {
    this.#writer?.close();
    this.#sink.onModelFailed(error);
  }

  #writeHead({ status, headers }: AnswerHead): void {
    this.#res.writeStatus(statusLine(status));
    for (let index = 0; index + 1 < headers.length; index += 2) {
      const name = headers[index];
      const value = headers[index + 1];
      if (name !== undefined && value !== undefined) this.#res.writeHeader(name, value);
    }
  }
}
