import { Client, type Dispatcher, errors } from "undici";
import { TsworkerError } from "../errors.js";

/** Takes a model's answer as it comes. After `onEnd` or `onError` nothing follows. */
export interface AnswerSink {
  /** Status and raw headers: names and values in turn. `resume` goes on after `onData` said false. */
  onHead(status: number, rawHeaders: readonly Buffer[], resume: () => void): void;
  /** A piece of the body. @returns false to pause the model until `resume` is called. */
  onData(chunk: Buffer): boolean;
  onEnd(): void;
  /** The model could not be reached, broke off, or took too long. */
  onError(error: TsworkerError): void;
}

/** A request under way at the model. */
export interface ModelCall {
  /** Closes the model's connection; the sink hears nothing more. */
  cancel(): void;
}

/** Limits in milliseconds; null is no limit. */
export interface ModelTimeouts {
  readonly connectMs: number | null;
  readonly headersMs: number | null;
  readonly idleMs: number | null;
}

const HEADERS = ["content-type", "application/json"];
const CANCELLED = new Error("the request was cancelled");

/**
 * Connections to the model server: as many as there are requests, kept alive between them. Redirects are the
 * client's business and bodies are not decoded.
 *
 * Free connections are a stack. undici's own `Pool` looks through all of its connections for a free one, which
 * with a thousand streams open is a thousand looks per request.
 */
export class ModelClient {
  readonly #origin: string;
  readonly #basePath: string;
  readonly #timeouts: ModelTimeouts;
  readonly #options: Client.Options;
  readonly #connections = new Set<Client>();
  readonly #free: Client[] = [];

  /** @param server origin and base path, without a trailing slash. */
  constructor(server: string, timeouts: ModelTimeouts) {
    const { origin, pathname } = new URL(server);
    this.#origin = origin;
    this.#basePath = pathname === "/" ? "" : pathname;
    this.#timeouts = timeouts;
    this.#options = {
      connect: { timeout: timeouts.connectMs ?? 0 },
      headersTimeout: timeouts.headersMs ?? 0,
      bodyTimeout: timeouts.idleMs ?? 0,
    };
  }

  /** POSTs a JSON body to a path on the model server. */
  post(path: string, body: Uint8Array | string, sink: AnswerSink): ModelCall {
    const connection = this.#free.pop() ?? this.#connect();
    const call = new DispatchedCall(sink, this.#timeouts, () => this.#free.push(connection));
    connection.dispatch({ path: this.#basePath + path, method: "POST", headers: HEADERS, body }, call);
    return call;
  }

  /** Closes all connections; calls under way end with an error. */
  async close(): Promise<void> {
    await Promise.all(Array.from(this.#connections, (connection) => connection.destroy()));
  }

  #connect(): Client {
    const connection = new Client(this.#origin, this.#options);
    this.#connections.add(connection);
    return connection;
  }
}

/**
 * undici's handler for one call. It uses the callbacks that take raw headers: parsing them into an object, only
 * to write them out again, is the larger part of what a small answer costs.
 */
class DispatchedCall implements Dispatcher.DispatchHandler, ModelCall {
  readonly #sink: AnswerSink;
  readonly #timeouts: ModelTimeouts;
  readonly #release: () => void;
  #abort: ((reason?: Error) => void) | undefined;
  #settled = false;

  constructor(sink: AnswerSink, timeouts: ModelTimeouts, release: () => void) {
    this.#sink = sink;
    this.#timeouts = timeouts;
    this.#release = release;
  }

  cancel(): void {
    if (this.#settled) return;
    this.#settled = true;
    this.#abort?.(CANCELLED);
  }

  onConnect(abort: (reason?: Error) => void): void {
    if (this.#settled) abort(CANCELLED);
    else this.#abort = abort;
  }

  onHeaders(status: number, rawHeaders: Buffer[], resume: () => void): boolean {
    // Interim answers such as 103 are not the answer.
    if (status >= 200 && !this.#settled) this.#sink.onHead(status, rawHeaders, resume);
    return true;
  }

  onData(chunk: Buffer): boolean {
    return this.#settled || this.#sink.onData(chunk);
  }

  onComplete(): void {
    this.#release();
    if (this.#settled) return;
    this.#settled = true;
    this.#sink.onEnd();
  }

  onError(error: Error): void {
    this.#release();
    if (this.#settled) return;
    this.#settled = true;
    this.#sink.onError(this.#explain(error));
  }

  #explain(cause: Error): TsworkerError {
    const { connectMs, headersMs, idleMs } = this.#timeouts;
    if (cause instanceof errors.HeadersTimeoutError) {
      return new TsworkerError("MODEL_TIMEOUT", `the model did not begin to answer within ${headersMs} ms`, {
        cause,
      });
    }
    if (cause instanceof errors.BodyTimeoutError) {
      return new TsworkerError("MODEL_TIMEOUT", `the model was silent for ${idleMs} ms`, { cause });
    }
    if (cause instanceof errors.ConnectTimeoutError) {
      return new TsworkerError(
        "MODEL_UNREACHABLE",
        `the model did not accept a connection within ${connectMs} ms`,
        {
          cause,
        },
      );
    }
    return new TsworkerError("MODEL_UNREACHABLE", "the model is unreachable or broke off", { cause });
  }
}
