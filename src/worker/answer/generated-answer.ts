import { isAscii } from "node:buffer";
import type { TsworkerError } from "../../shared/errors.js";
import type { AnswerHead } from "../model/answer-head.js";
import type { ModelCall } from "../model/call.js";
import type { AnswerSink } from "../model/connection.js";
import type { BodyWriter, Responder } from "../server/http-server.js";
import type { RelaySink } from "./relay.js";
import { isStreamType, withStreamHeaders } from "./stream-format.js";

/** Produces the client's answer from the model's. */
export type ResponseGenerator = (request: Request, modelResponse: Response) => Response | Promise<Response>;

/** Receives the result of a generated answer, once. */
export interface GeneratedSink extends RelaySink {
  /** User code failed. */
  onThrown(error: unknown): void;
}

/** Headers that the server sets itself. */
const OWN_HEADERS = new Set(["content-length", "transfer-encoding", "connection", "date"]);

/** Statuses that a fetch-standard `Response` accepts only without a body. */
const isNullBodyStatus = (status: number): boolean => [204, 205, 304].includes(status);

/** Passes the model's answer to user code as a fetch-standard `Response`, and sends the returned `Response` to the client. */
export class GeneratedAnswer implements AnswerSink {
  readonly #responder: Responder;
  readonly #request: Request;
  readonly #generate: ResponseGenerator;
  readonly #sink: GeneratedSink;
  readonly #addsStreamHeaders: boolean;
  /** The call of the model, which `cancel` cancels. */
  call: ModelCall | undefined;
  #model: ReadableStreamDefaultController<Uint8Array> | undefined;
  #reader: ReadableStreamDefaultReader<Uint8Array> | undefined;
  #writer: BodyWriter | undefined;
  #drained: () => void = () => {};
  #cancelled = false;
  #modelError: TsworkerError | undefined;

  constructor(
    responder: Responder,
    request: Request,
    generate: ResponseGenerator,
    sink: GeneratedSink,
    addsStreamHeaders = false,
  ) {
    this.#responder = responder;
    this.#request = request;
    this.#generate = generate;
    this.#sink = sink;
    this.#addsStreamHeaders = addsStreamHeaders;
  }

  get hasBegun(): boolean {
    return this.#writer !== undefined;
  }

  cancel(): void {
    this.#cancelled = true;
    this.#writer?.close();
    this.call?.cancel();
    // Otherwise user code that reads the model's answer would wait forever.
    this.#model?.error(new Error("the request has ended: the model's answer is no longer required"));
    this.#drained();
    this.#reader?.cancel().catch(() => {});
  }

  onHead({ status, headers: pairs }: AnswerHead, resume: () => void): void {
    let model: ReadableStreamDefaultController<Uint8Array> | undefined;
    const body = new ReadableStream<Uint8Array>(
      {
        start: (controller) => {
          model = controller;
        },
        pull: () => resume(),
        cancel: () => this.call?.cancel(),
      },
      // A few pieces ahead, so that the model is not stopped and started for each of them.
      { highWaterMark: 4 },
    );
    const headers = new Headers();
    for (let index = 0; index + 1 < pairs.length; index += 2)
      headers.append(pairs[index] ?? "", pairs[index + 1] ?? "");
    // Throws for a status beyond 599; the call then fails like any other with an invalid answer.
    const response = new Response(isNullBodyStatus(status) ? null : body, { status, headers });
    this.#model = model;
    void this.#answer(response);
  }

  onData(piece: Buffer): boolean {
    const model = this.#model;
    if (model === undefined || this.#cancelled) return true;
    model.enqueue(new Uint8Array(piece));
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
      // Cancels the source of a body that is not required.
      if (this.#cancelled) await response.body?.cancel();
      else await this.#send(response);
    } catch (error) {
      if (this.#cancelled) return;
      this.cancel();
      if (this.#modelError !== undefined) this.#sink.onModelFailed(this.#modelError);
      else this.#sink.onThrown(error);
    }
  }

  async #send(response: Response): Promise<void> {
    // A body that was read already throws here, when an error can still be answered.
    const reader: ReadableStreamDefaultReader<Uint8Array> | undefined = response.body?.getReader();
    this.#reader = reader;
    const headers = [...response.headers].filter(([name]) => !OWN_HEADERS.has(name)).flat();
    const head = {
      status: response.status,
      headers,
      isAscii: headers.every((text) => isAscii(Buffer.from(text))),
    };
    if (reader === undefined) {
      this.#responder.answer(head, isNullBodyStatus(response.status) ? undefined : "");
      this.call?.cancel();
      this.#sink.onComplete(response.status);
      return;
    }
    const isStream = isStreamType(response.headers.get("content-type")?.toLowerCase() ?? "");
    const sent = isStream && this.#addsStreamHeaders ? withStreamHeaders(head) : head;
    const writer = this.#responder.begin(sent, undefined, {
      onDrain: () => this.#drained(),
      onFinish: () => {
        // User code may not have read all of the model's answer.
        this.call?.cancel();
        this.#sink.onComplete(response.status);
      },
    });
    this.#writer = writer;
    this.#sink.onBegun();
    for (let piece = await reader.read(); !piece.done; piece = await reader.read()) {
      if (this.#cancelled) return;
      if (!(piece.value instanceof Uint8Array)) {
        throw new TypeError(`expected a body of Uint8Array pieces, got ${typeof piece.value}`);
      }
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
