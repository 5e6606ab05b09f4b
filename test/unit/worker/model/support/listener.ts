import type { TsworkerError } from "../../../../../src/shared/errors.js";
import type { AnswerHead } from "../../../../../src/worker/model/answer-head.js";
import { ModelClient, ModelServer, type ModelServerOptions } from "../../../../../src/worker/model/client.js";
import type { AnswerSink, ModelTimeouts } from "../../../../../src/worker/model/connection.js";

export const NO_LIMITS: ModelTimeouts = { connectMs: null, headersMs: null, idleMs: null };

/** A client with connections of its own. */
export class LoneClient extends ModelClient {
  readonly #server: ModelServer;
  /** Requests that were sent for the second time. */
  resent = 0;

  constructor(url: string, limits: Partial<ModelTimeouts> = {}, options: ModelServerOptions = {}) {
    const server = new ModelServer(url, options);
    super(server, { ...NO_LIMITS, ...limits }, () => {
      this.resent++;
    });
    this.#server = server;
  }

  close(): void {
    this.#server.close();
  }
}

/** What a test may do while an answer comes. */
export interface Reactions {
  readonly onHead?: (listener: Listener) => void;
  /** @returns false to pause the model. */
  readonly onData?: (piece: Buffer, listener: Listener) => boolean;
  readonly onEnd?: (listener: Listener) => void;
}

/** Keeps what it receives of an answer, and the order. */
export class Listener implements AnswerSink {
  readonly #reactions: Reactions;
  readonly #pieces: Buffer[] = [];
  /** `head`, `data`, `end` and `error`, with repeated `data` once. */
  readonly received: string[] = [];
  head: AnswerHead | undefined;
  error: TsworkerError | undefined;
  size = 0;
  resume: () => void = () => {};

  constructor(reactions: Reactions = {}) {
    this.#reactions = reactions;
  }

  get bytes(): Buffer {
    return Buffer.concat(this.#pieces);
  }

  get text(): string {
    return this.bytes.toString();
  }

  get isOver(): boolean {
    return this.received.includes("end") || this.received.includes("error");
  }

  onHead(head: AnswerHead, resume: () => void): void {
    this.received.push("head");
    this.head = head;
    this.resume = resume;
    this.#reactions.onHead?.(this);
  }

  onData(piece: Buffer): boolean {
    if (this.received.at(-1) !== "data") this.received.push("data");
    this.#pieces.push(Buffer.from(piece));
    this.size += piece.length;
    return this.#reactions.onData?.(piece, this) ?? true;
  }

  onEnd(): void {
    this.received.push("end");
    this.#reactions.onEnd?.(this);
  }

  onError(error: TsworkerError): void {
    this.received.push("error");
    this.error = error;
  }
}

/** Sends a request and resolves when its answer has ended, well or not. */
export const ask = (
  client: ModelClient,
  path: string,
  body: Uint8Array | string = "{}",
  reactions: Reactions = {},
): Promise<Listener> =>
  new Promise((resolve) => {
    const listener = new Listener({
      ...reactions,
      onEnd: (each) => {
        reactions.onEnd?.(each);
        resolve(each);
      },
    });
    const onError = listener.onError.bind(listener);
    listener.onError = (error) => {
      onError(error);
      resolve(listener);
    };
    client.post(path, body, listener);
  });
