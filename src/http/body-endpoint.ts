import { type Answer, answers } from "./answer.js";
import { formatOf } from "./body-format.js";
import type { BodyFormat } from "./envelope.js";
import type { Endpoint, RequestHead, RequestSink, Responder } from "./http-server.js";
import { sendAnswer } from "./send-answer.js";

/** Answers a request as soon as its body is there. */
export type AnswerBody = (body: Buffer, format: BodyFormat) => Answer;

export interface BodyEndpointOptions {
  readonly path: string;
  /** Largest body in bytes. */
  readonly limit: number;
  readonly answer: AnswerBody;
  /** Hears of a fault of the worker's own. */
  readonly onFault: (error: unknown) => void;
}

/** A path that takes a POST and answers it at once. */
export function bodyEndpoint({ path, limit, answer, onFault }: BodyEndpointOptions): Endpoint {
  const answerTo = (responder: Responder, body: Buffer, format: BodyFormat): void => {
    try {
      // What is sent may hold what a client sent, and that need not be writable as JSON.
      sendAnswer(responder, answer(body, format));
    } catch (error) {
      onFault(error);
      sendAnswer(responder, answers.workerFailed());
    }
  };
  return {
    path,
    handle: (request, responder) => {
      if (request.method !== "POST") sendAnswer(responder, answers.wrongMethod("POST"));
      else new BodyRequest(request, responder, limit, answerTo);
    },
  };
}

type SendAnswerTo = (responder: Responder, body: Buffer, format: BodyFormat) => void;

class BodyRequest implements RequestSink {
  readonly #responder: Responder;
  readonly #format: BodyFormat;
  readonly #limit: number;
  readonly #answerTo: SendAnswerTo;

  constructor(head: RequestHead, responder: Responder, limit: number, answerTo: SendAnswerTo) {
    this.#responder = responder;
    this.#format = formatOf(head.header("content-type"));
    this.#limit = limit;
    this.#answerTo = answerTo;
    responder.receive(limit, this);
  }

  onBody(body: Buffer): void {
    this.#answerTo(this.#responder, body, this.#format);
  }

  onTooLarge(): void {
    sendAnswer(this.#responder, answers.bodyTooLarge(this.#limit));
  }

  onTooSlow(): void {
    sendAnswer(this.#responder, answers.bodyTooSlow());
  }

  onGone(): void {}
}
