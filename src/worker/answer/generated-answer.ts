import type { TsworkerError } from "../../shared/errors.js";
import type { AnswerHead } from "../model/answer-head.js";
import type { ModelCall } from "../model/call.js";
import type { AnswerSink } from "../model/connection.js";
import type { Responder } from "../server/http-server.js";
import { isNullBodyStatus, ResponseSender } from "./fetch-response.js";
import type { RelaySink } from "./relay.js";

/** Produces the client's answer from the model's. */
export type ResponseGenerator = (request: Request, modelResponse: Response) => Response | Promise<Response>;

/** Receives the result of a generated answer, once. */
export interface GeneratedSink extends RelaySink {
  /** User code failed. */
  onThrown(error: unknown): void;
}

/** Passes the model's answer to user code as a fetch-standard `Response`, and sends the returned `Response` to the client. */
export class GeneratedAnswer implements AnswerSink {
  readonly #request: Request;
  readonly #generate: ResponseGenerator;
  readonly #sink: GeneratedSink;
  readonly #sender: ResponseSender;
  /** The call of the model, which `cancel` cancels. */
  call: ModelCall | undefined;
  #model: ReadableStreamDefaultController<Uint8Array> | undefined;
  #cancelled = false;
  #modelError: TsworkerError | undefined;

  constructor(
    responder: Responder,
    request: Request,
    generate: ResponseGenerator,
    sink: GeneratedSink,
    addsStreamHeaders = false,
  ) {
    this.#request = request;
    this.#generate = generate;
    this.#sink = sink;
    this.#sender = new ResponseSender(
      responder,
      {
        onBegun: () => sink.onBegun(),
        onComplete: (status) => {
          // User code may not have read all of the model's answer.
          this.call?.cancel();
          sink.onComplete(status);
        },
      },
      addsStreamHeaders,
    );
  }

  get hasBegun(): boolean {
    return this.#sender.hasBegun;
  }

  cancel(): void {
    this.#cancelled = true;
    this.call?.cancel();
    // Otherwise user code that reads the model's answer would wait forever.
    this.#model?.error(new Error("the request has ended: the model's answer is no longer required"));
    this.#sender.cancel();
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
      await this.#sender.send(await this.#generate(this.#request, modelResponse));
    } catch (error) {
      if (this.#cancelled) return;
      this.cancel();
      if (this.#modelError !== undefined) this.#sink.onModelFailed(this.#modelError);
      else this.#sink.onThrown(error);
    }
  }
}
