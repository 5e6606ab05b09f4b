import type { HttpResponse } from "uWebSockets.js";
import type { TsworkerError } from "../errors.js";
import type { AnswerSink, ModelCall } from "../model/client.js";
import { statusLine } from "./answer.js";
import { readHead } from "./answer-head.js";
import { BodyWriter } from "./body-writer.js";
import type { RelaySink } from "./relay.js";
import type { StallWatch } from "./stall-watch.js";

/** Makes the client's answer from the model's. */
export type ResponseGenerator = (request: Request, modelResponse: Response) => Response | Promise<Response>;

/** Hears how a generated answer went, once. */
export interface GeneratedSink extends RelaySink {
  /** The user's code failed. */
  onThrown(error: unknown): void;
}

/** Statuses that a fetch-standard `Response` takes only without a body. */
const isNullBodyStatus = (status: number): boolean => [204, 205, 304].includes(status);

/** The model's answer as a fetch-standard `Response`, and what the user's code makes of it, to the client. */
export class GeneratedAnswer implements AnswerSink {
  readonly #res: HttpResponse;
  readonly #watch: StallWatch;
  readonly #request: Request;
  readonly #generate: ResponseGenerator;
  readonly #sink: GeneratedSink;
  /** Set by whoever began the call; an answer that is cancelled cancels it. */
  call: ModelCall | undefined;
  #model: ReadableStreamDefaultController<Uint8Array> | undefined;
  #reader: ReadableStreamDefaultReader<Uint8Array> | undefined;
  #writer: BodyWriter | undefined;
  #drained: () => void = () => {};
  #cancelled = false;
  #modelError: TsworkerError | undefined;

  constructor(
    res: HttpResponse,
    watch: StallWatch,
    request: Request,
    generate: ResponseGenerator,
    sink: GeneratedSink,
  ) {
    this.#res = res;
    this.#watch = watch;
    this.#request = request;
    this.#generate = generate;
    this.#sink = sink;
  }

  get hasBegun(): boolean {
    return this.#writer !== undefined;
  }

  cancel(): void {
    this.#cancelled = true;
    this.#writer?.close();
    this.call?.cancel();
    this.#drained();
    this.#reader?.cancel().catch(() => {});
  }

  onHead(status: number, rawHeaders: readonly Buffer[], resume: () => void): void {
    const body = new ReadableStream<Uint8Array>(
      {
        start: (controller) => {
          this.#model = controller;
        },
        pull: () => resume(),
        cancel: () => this.call?.cancel(),
      },
      // A few pieces ahead, so that the model is not stopped and started for each of them.
      { highWaterMark: 4 },
    );
    const headers = new Headers();
    const raw = readHead(status, rawHeaders).headers;
    for (let index = 0; index + 1 < raw.length; index += 2) {
      headers.append(String(raw[index]), raw[index + 1]?.toString("latin1") ?? "");
    }
    void this.#answer(new Response(isNullBodyStatus(status) ? null : body, { status, headers }));
  }

  onData(chunk: Buffer): boolean {
    const model = this.#model;
    if (model === undefined || this.#cancelled) return true;
    model.enqueue(chunk);
    return (model.desiredSize ?? 0) > 0;
  }

  onEnd(): void {
    if (!this.#cancelled) this.#model?.close();
  }

  onError(error: TsworkerError): void {
    this.#modelError = error;
    if (this.#model === undefined) this.#sink.onModelFailed(error);
    else this.#model.error(error);
  }

  async #answer(modelResponse: Response): Promise<void> {
    try {
      const response = await this.#generate(this.#request, modelResponse);
      if (!this.#cancelled) await this.#send(response);
    } catch (error) {
      if (this.#cancelled) return;
      this.cancel();
      if (this.#modelError !== undefined) this.#sink.onModelFailed(this.#modelError);
      else this.#sink.onThrown(error);
    }
  }

  async #send(response: Response): Promise<void> {
    this.#res.cork(() => {
      this.#res.writeStatus(statusLine(response.status));
      for (const [name, value] of response.headers) {
        if (name !== "content-length" && name !== "transfer-encoding") this.#res.writeHeader(name, value);
      }
    });
    const writer = new BodyWriter(this.#res, undefined, this.#watch, {
      onDrain: () => this.#drained(),
      onFinish: () => this.#sink.onRelayed(response.status),
    });
    this.#writer = writer;
    const reader: ReadableStreamDefaultReader<Uint8Array> | undefined = response.body?.getReader();
    this.#reader = reader;
    for (let piece = await reader?.read(); piece?.done === false; piece = await reader?.read()) {
      if (this.#cancelled) return;
      if (piece.value.length > 0 && !writer.write(Buffer.from(piece.value))) {
        await new Promise<void>((resolve) => {
          this.#drained = resolve;
        });
        if (this.#cancelled) return;
      }
    }
    if (!this.#cancelled) writer.end();
  }
}
