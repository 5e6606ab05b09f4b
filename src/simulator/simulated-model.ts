import type { IncomingMessage, ServerResponse } from "node:http";
import type { Duplex } from "node:stream";
import type { Closing } from "./closing.js";
import type { ModelLog } from "./model-log.js";

/** One line that a model server logs while it loads. */
export interface LoadingStep {
  /** Share of the loading time that passes before the line; those of all steps together are 1 at most. */
  readonly share: number;
  /** Writes it. */
  readonly write: (log: ModelLog) => void;
  /** Whether this is the line that tells that the model has loaded. */
  readonly isReadyLine?: true;
}

/** A request that a route answers. */
export interface Exchange {
  readonly request: IncomingMessage;
  /** The whole body; empty for a GET. */
  readonly body: Buffer;
  readonly response: ServerResponse;
  /** Path and query. */
  readonly url: URL;
  /** Aborts when the client goes away, or the server crashes. */
  readonly signal: AbortSignal;
  readonly log: ModelLog;
}

/** A request that is being answered, for the log. */
export interface Answered {
  /** Address and port of the client. */
  readonly from: string;
  readonly request: IncomingMessage;
  readonly status: number;
}

/** A path of a simulated model server. */
export interface SimulatedRoute {
  readonly method: "GET" | "POST";
  /**
   * Answers. Resolves when the answer is over.
   *
   * @throws RefusedRequest for a request that such a server refuses.
   * @throws whatever the signal makes it throw: the request is counted as cancelled then.
   */
  serve(exchange: Exchange): void | Promise<void>;
  /** Whether it answers before the model has loaded, too. */
  readonly isAlwaysOpen?: true;
}

/** A request that a simulated model server refuses, and why. */
export class RefusedRequest extends Error {
  override readonly name = "RefusedRequest";

  constructor(
    readonly status: number,
    message: string,
  ) {
    super(message);
  }
}

/**
 * What one kind of model server logs, serves and says when it breaks. The life of a server, which loads, fails, ends
 * and is restarted, is given to it by a `ModelSimulator`.
 */
export interface SimulatedModel {
  /** Name and kind, for people. */
  readonly title: string;
  /** When such a server closes connections that are kept alive. */
  readonly closing: Closing;
  /** The lines of its log while it loads, in order. */
  readonly loading: readonly LoadingStep[];
  /** Tells in the log that the memory of the GPU did not suffice while it loaded. */
  outOfMemory(log: ModelLog): void;
  /** Tells in the log that it died in the middle of its work. */
  crashed(log: ModelLog): void;
  /** Tells in the log of an answer that begins. */
  answered(log: ModelLog, answered: Answered): void;
  /** Its routes by path; a last part `*` stands for any. `GET /health` is there without: 200 when it has loaded, 503 otherwise. */
  readonly routes: ReadonlyMap<string, SimulatedRoute>;
  /** The body of a refusal. */
  refusal(status: number, message: string): object;
  /** A client that wants to talk by WebSocket. Absent: such clients are cut off. */
  upgrade?(request: IncomingMessage, socket: Duplex, head: Buffer): void;
  /** Ends what {@link SimulatedModel.upgrade} began: the server stops, crashes or is restarted. */
  closeSockets?(): void;
  /** Ends what goes on by itself, between requests: the server stops, crashes or is restarted. */
  halted?(): void;
  /** Requests that wait for others to end. */
  readonly waiting: number;
  /** What it has produced so far, in its own pieces: tokens, steps, batches. */
  readonly produced: number;
}
