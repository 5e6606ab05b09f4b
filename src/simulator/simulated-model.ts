import type { IncomingMessage, ServerResponse } from "node:http";
import type { Duplex } from "node:stream";
import type { Closing } from "./closing.js";
import type { ModelLog } from "./model-log.js";

/** A step of loading, and its log line. */
export interface LoadingStep {
  /** Share of the loading time before the line; all steps together are at most 1. */
  readonly share: number;
  /** Writes it. */
  readonly write: (log: ModelLog) => void;
  /** Whether this line reports that the model has loaded. */
  readonly isReadyLine?: true;
}

/** A request for a route, with its response. */
export interface RouteContext {
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
  /** Client, as `address:port`. */
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
   * @throws the signal's reason: the request then counts as cancelled.
   */
  serve(context: RouteContext): void | Promise<void>;
  /** Whether it answers before the model has loaded, too. */
  readonly isAlwaysOpen?: true;
}

/** A request that a simulated model server refuses, and why. */
export class RefusedRequest extends Error {
  override readonly name = "RefusedRequest";

  constructor(
    readonly status: number,
    message: string,
    /** Further fields of the error's body, where the server has them. */
    readonly fields: object = {},
  ) {
    super(message);
  }
}

/**
 * One kind of model server: its log, its routes, its failures. `ModelSimulator` adds the lifecycle: loading, failures,
 * crash and restart.
 */
export interface SimulatedModel {
  /** Name and kind, for people. */
  readonly title: string;
  /** When such a server closes connections that are kept alive. */
  readonly closing: Closing;
  /** The lines of its log while it loads, in order. */
  readonly loading: readonly LoadingStep[];
  /** Logs that the GPU's memory did not suffice while it loaded. */
  outOfMemory(log: ModelLog): void;
  /** Logs a crash. */
  crashed(log: ModelLog): void;
  /** Logs an answer that begins. */
  answered(log: ModelLog, answered: Answered): void;
  /** Its routes by path; a last part `*` matches any. `GET /health` is there without: 200 when it has loaded, 503 otherwise. */
  readonly routes: ReadonlyMap<string, SimulatedRoute>;
  /** The body of a refusal. */
  refusal(status: number, message: string, fields: object): object;
  /** Headers of all answers that do not have others. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Status for a path with another method. Default: 405. */
  readonly wrongMethodStatus?: 404;
  /** Accepts a WebSocket client. Absent: such connections are closed. */
  upgrade?(request: IncomingMessage, socket: Duplex, head: Buffer): void;
  /** Ends WebSocket connections: the server stops, crashes or is restarted. */
  closeSockets?(): void;
  /** Ends background work: the server stops, crashes or is restarted. */
  halted?(): void;
  /** Requests that wait for a free slot. */
  readonly waiting: number;
  /** Units produced so far: tokens, steps or batches. */
  readonly produced: number;
}
