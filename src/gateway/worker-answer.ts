import type { TsworkerError } from "../shared/errors.js";
import { Relay, type RelaySink } from "../worker/answer/relay.js";
import type { AnswerHead } from "../worker/model/answer-head.js";
import type { ModelCall } from "../worker/model/call.js";
import type { AnswerSink } from "../worker/model/connection.js";
import type { Responder } from "../worker/server/http-server.js";
import { type GatewayAnswer, jsonHead } from "./gateway-answers.js";
import { refusalOf } from "./worker-error.js";

/** Headers that the gateway writes itself; those of the worker are dropped. */
const OWN = /^(?:x-request-id|uwebsockets|x-ratelimit-.*)$/i;
/** Bytes of an error's body that are read before it is passed on. */
const MAX_ERROR_BYTES = 64 * 1024;
const FIRST_ERROR = 400;

/** Why a try failed, before the client got a byte. */
export interface TryFailure {
  /** `unreachable`, or the status of the worker's answer. */
  readonly reason: string;
  readonly message: string;
  /** Answers the client, if this was the last try. */
  readonly answer: () => void;
}

/** Receives the result of one try, once; after `onBegun` that of the answer. */
export interface TryOwner {
  /** An answer with this status goes to the client: there are no further tries. */
  onBegun(status: number): void;
  /** The whole answer was handed over to the client. */
  onComplete(status: number): void;
  /** The worker broke off in the middle of an answer that the client receives. */
  onBroken(error: TsworkerError): void;
  onFailed(failure: TryFailure): void;
  /** The worker was not reached, or broke off before the client got a byte. */
  onUnreachable(error: TsworkerError): void;
  /** Answers the client in place of the worker. */
  answer(answer: GatewayAnswer): void;
}

/**
 * The answer of a worker to one try. A success is relayed as it comes; an error is read first, because it may be retried, or
 * be one of the worker's own.
 */
export class WorkerAnswer implements AnswerSink, RelaySink {
  readonly #responder: Responder;
  readonly #owner: TryOwner;
  #relay: Relay | undefined;
  /** The head of an error, while its body is read. */
  #errorHead: AnswerHead | undefined;
  #resume: () => void = () => {};
  #kept: Buffer[] = [];
  #keptBytes = 0;
  #call: ModelCall | undefined;

  constructor(responder: Responder, owner: TryOwner) {
    this.#responder = responder;
    this.#owner = owner;
  }

  set call(call: ModelCall) {
    this.#call = call;
  }

  /** The answer is no longer required: closes the connection to the worker. */
  cancel(): void {
    this.#relay?.cancel();
    this.#call?.cancel();
  }

  onHead(head: AnswerHead, resume: () => void): void {
    this.#resume = resume;
    if (head.status >= FIRST_ERROR && (head.length ?? 0) <= MAX_ERROR_BYTES) this.#errorHead = head;
    else this.#startRelay(head);
  }

  onData(piece: Buffer): boolean {
    if (this.#relay !== undefined) return this.#relay.onData(piece);
    this.#kept.push(Buffer.from(piece));
    this.#keptBytes += piece.length;
    const head = this.#errorHead;
    if (this.#keptBytes <= MAX_ERROR_BYTES || head === undefined) return true;
    // Too long for an error: it is passed on.
    const kept = Buffer.concat(this.#kept);
    this.#kept = [];
    return this.#startRelay(head).onData(kept);
  }

  onEnd(): void {
    if (this.#relay !== undefined) this.#relay.onEnd();
    else if (this.#errorHead !== undefined) this.#refused(this.#errorHead, Buffer.concat(this.#kept));
  }

  onError(error: TsworkerError): void {
    if (this.#relay !== undefined) this.#relay.onError(error);
    else this.#owner.onUnreachable(error);
  }

  onBegun(): void {
    this.#owner.onBegun(this.#status);
  }

  onComplete(status: number): void {
    this.#owner.onComplete(status);
  }

  onModelFailed(error: TsworkerError): void {
    if (this.#relay?.hasBegun === true) this.#owner.onBroken(error);
    else this.#owner.onUnreachable(error);
  }

  #status = 0;

  #startRelay(head: AnswerHead): Relay {
    const relay = new Relay(this.#responder, this, true);
    this.#relay = relay;
    this.#status = head.status;
    relay.onHead({ ...head, headers: passedHeaders(head) }, this.#resume);
    return relay;
  }

  #refused(head: AnswerHead, body: Buffer): void {
    const { answer, isRetryable } = refusalOf(head, body);
    const send = (): void => {
      if (answer !== undefined) {
        this.#owner.answer(answer);
        return;
      }
      const { status, isAscii } = head;
      this.#responder.answer({ status, headers: passedHeaders(head), isAscii }, body);
      this.#owner.onComplete(status);
    };
    if (!isRetryable) send();
    else {
      const message = `the worker answered ${head.status}: ${body.toString("utf8", 0, 200)}`;
      this.#owner.onFailed({ reason: String(head.status), message, answer: send });
    }
  }
}

/** The headers of a worker's answer that its client gets. */
const passedHeaders = ({ headers }: AnswerHead): readonly string[] =>
  headers.filter((_, index) => !OWN.test(headers[index - (index % 2)] ?? ""));

/** Sends an answer of the gateway itself. */
export function sendAnswer(responder: Responder, { status, body, headers, close }: GatewayAnswer): void {
  responder.answer(jsonHead(status, headers), JSON.stringify(body), close);
}
