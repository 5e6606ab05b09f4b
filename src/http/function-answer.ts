import type { HttpResponse } from "uWebSockets.js";
import type { Payload } from "../wire.js";
import { statusLine } from "./answer.js";
import { BodyWriter } from "./body-writer.js";
import type { StallWatch } from "./stall-watch.js";

/** A longer result goes out as fast as the client takes it, rather than being left to the server at once. */
const WHOLE_LIMIT = 64 * 1024;

/** Answers instead of a model server. */
export type RemoteFunction = (payload: Payload, signal: AbortSignal) => unknown;

/** Hears how a function's answer went, once, unless it was cancelled. */
export interface FunctionSink {
  /** The client was handed the whole answer. */
  onRelayed(status: number): void;
  onThrown(error: unknown): void;
}

/** What a `remoteFunction` gives, as `{"result": …}` to the client. */
export class FunctionAnswer {
  readonly #res: HttpResponse;
  readonly #watch: StallWatch;
  readonly #sink: FunctionSink;
  readonly #controller = new AbortController();
  #writer: BodyWriter | undefined;

  constructor(res: HttpResponse, watch: StallWatch, sink: FunctionSink) {
    this.#res = res;
    this.#watch = watch;
    this.#sink = sink;
  }

  get hasBegun(): boolean {
    return this.#writer !== undefined;
  }

  /** Aborts the function's signal; nothing is heard of it afterwards. */
  cancel(): void {
    this.#writer?.close();
    this.#controller.abort();
  }

  async call(remoteFunction: RemoteFunction, payload: Payload): Promise<void> {
    const { signal } = this.#controller;
    let json: string;
    try {
      const result = await remoteFunction(payload, signal);
      // What cannot be told as JSON is the function's fault; a function without a value answers null.
      json = JSON.stringify({ result: result ?? null });
    } catch (error) {
      if (!signal.aborted) this.#sink.onThrown(error);
      return;
    }
    if (!signal.aborted) this.#send(json);
  }

  #send(json: string): void {
    const onFinish = (): void => this.#sink.onRelayed(200);
    if (json.length <= WHOLE_LIMIT) {
      this.#res.cork(() => this.#writeHead().end(json));
      onFinish();
      return;
    }
    const body = Buffer.from(json);
    this.#res.cork(() => this.#writeHead());
    this.#writer = new BodyWriter(this.#res, body.length, this.#watch, { onDrain: () => {}, onFinish });
    this.#writer.write(body);
    this.#writer.end();
  }

  #writeHead(): HttpResponse {
    return this.#res.writeStatus(statusLine(200)).writeHeader("content-type", "application/json");
  }
}
