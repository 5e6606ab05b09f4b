import { BodyBuffer, type BodyFormat, formatOf } from "../request/envelope/body.js";
import { answers, sendAnswer, type WorkerAnswer } from "../server/answer.js";
import type { HttpEndpoint, RequestHead, RequestSink, Responder } from "../server/http-server.js";

/** Takes a body as it comes. */
export interface BodyTaker {
  /** @param piece valid during the call. @returns undefined: the next piece is awaited. */
  onPiece(piece: Buffer, isLast: boolean): WorkerAnswer | undefined;
  /** Nothing more is heard. */
  onEnd(): void;
}

export interface BodyEndpointOptions {
  readonly path: string;
  /** Largest body in bytes. */
  readonly limit: number;
  /** @param answer answers between two pieces, or behind the last one. */
  readonly take: (format: BodyFormat, expected: number, answer: (answer: WorkerAnswer) => void) => BodyTaker;
  /** Hears of a fault of the worker's own. */
  readonly onFault: (error: unknown) => void;
}

/** A path that takes a POST and answers it as soon as its body is there, or enough of it. */
export const bodyEndpoint = (options: BodyEndpointOptions): HttpEndpoint => ({
  path: options.path,
  handle: (request, responder) => {
    if (request.method !== "POST") sendAnswer(responder, answers.wrongMethod("POST"));
    else new BodyRequest(request, responder, options);
  },
});

/** Answers a body as a whole. */
export function wholeBody(
  answer: (body: Buffer, format: BodyFormat) => WorkerAnswer,
): BodyEndpointOptions["take"] {
  return (format, expected) => {
    const body = new BodyBuffer();
    return {
      onPiece: (piece, isLast) => {
        if (isLast && body.length === 0) return answer(piece, format);
        body.push(piece, expected);
        return isLast ? answer(body.slice(0, body.length), format) : undefined;
      },
      onEnd: () => {},
    };
  };
}

class BodyRequest implements RequestSink {
  readonly #responder: Responder;
  readonly #limit: number;
  readonly #onFault: (error: unknown) => void;
  readonly #taker: BodyTaker;

  constructor(head: RequestHead, responder: Responder, { limit, take, onFault }: BodyEndpointOptions) {
    this.#responder = responder;
    this.#limit = limit;
    this.#onFault = onFault;
    const { contentLength } = head;
    this.#taker = take(formatOf(head.header("content-type")), contentLength, (answer) =>
      this.#try(() => answer),
    );
    responder.receive(limit, this);
  }

  onPiece(piece: Buffer, isLast: boolean): void {
    this.#try(() => this.#taker.onPiece(piece, isLast));
  }

  onTooLarge(): void {
    this.#answer(answers.bodyTooLarge(this.#limit));
  }

  onTooSlow(): void {
    this.#answer(answers.bodyTooSlow());
  }

  onDisconnect(): void {
    this.#taker.onEnd();
  }

  #try(answerOf: () => WorkerAnswer | undefined): void {
    try {
      const answer = answerOf();
      // What is sent may hold what a client sent, and that need not be writable as JSON.
      if (answer !== undefined) this.#answer(answer);
    } catch (error) {
      this.#onFault(error);
      this.#answer(answers.workerFailed());
    }
  }

  #answer(answer: WorkerAnswer): void {
    sendAnswer(this.#responder, answer);
    this.#taker.onEnd();
  }
}
