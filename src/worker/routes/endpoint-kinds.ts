import { BodyBuffer, type BodyFormat, formatOf } from "../request/envelope/body.js";
import { answers, sendAnswer, type WorkerAnswer } from "../server/answer.js";
import type { HttpEndpoint, RequestHead, RequestSink, Responder } from "../server/http-server.js";

/** Receives a body piece by piece. */
export interface BodyTaker {
  /** @param piece valid during the call. @returns undefined: the next piece is awaited. */
  onPiece(piece: Buffer, isLast: boolean): WorkerAnswer | undefined;
  /** No more pieces follow. */
  onEnd(): void;
}

export interface BodyEndpointOptions {
  readonly path: string;
  /** Largest body in bytes. */
  readonly limit: number;
  /** @param answer answers between two pieces, or behind the last one. */
  readonly take: (format: BodyFormat, expected: number, answer: (answer: WorkerAnswer) => void) => BodyTaker;
  /** Receives errors of the worker's own code. */
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
      // The answer may contain values of the client, which need not be serializable as JSON.
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

/** Waits for the end of a body of which nothing is kept. */
export function dropBody(responder: Responder, limit: number, onEnd: () => void): void {
  responder.receive(limit, {
    onPiece: (_piece, isLast) => {
      if (isLast) onEnd();
    },
    onTooLarge: () => sendAnswer(responder, answers.bodyTooLarge(limit)),
    onTooSlow: () => sendAnswer(responder, answers.bodyTooSlow()),
    onDisconnect: () => {},
  });
}

/** Methods that a fetch-standard `Request` does not have. */
const NO_FETCH_METHODS: ReadonlySet<string> = new Set(["CONNECT", "TRACE", "TRACK"]);

/** Endpoints of one path by their methods. That of `GET` takes HEAD, too, and that of `*` all methods that remain. */
export function endpointByMethod(path: string, endpoints: ReadonlyMap<string, HttpEndpoint>): HttpEndpoint {
  const get = endpoints.get("GET");
  const names = [...endpoints.keys()].flatMap((name) => (name === "GET" ? [name, "HEAD"] : [name]));
  const methods = [...new Set(names.filter((name) => name !== "*"))].join(", ");
  return {
    path,
    methods: endpoints.has("*") ? "*" : methods,
    handle: (request, responder) => {
      const { method } = request;
      const own = endpoints.get(method) ?? (method === "HEAD" ? get : undefined);
      const endpoint = own ?? (NO_FETCH_METHODS.has(method) ? undefined : endpoints.get("*"));
      if (endpoint === undefined) sendAnswer(responder, answers.wrongMethod(methods));
      else endpoint.handle(request, responder);
    },
  };
}

/** A path for GET and HEAD. */
export const getEndpoint = (path: string, answer: (responder: Responder) => void): HttpEndpoint => ({
  path,
  handle: (request, responder) => {
    if (request.method === "GET" || request.method === "HEAD") answer(responder);
    else sendAnswer(responder, answers.wrongMethod("GET, HEAD"));
  },
});

/** The same for an asynchronous answer: the client may disconnect before it is there. */
export const lateGetEndpoint = (path: string, answer: (responder: Responder) => void): HttpEndpoint =>
  getEndpoint(path, (responder) => dropBody(responder, 0, () => answer(responder)));

/** Answers requests to unknown paths. */
export const notFound: HttpEndpoint = {
  path: "/*",
  handle: (_request, responder) => sendAnswer(responder, answers.notFound()),
};
