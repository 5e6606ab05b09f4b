import { isAscii } from "node:buffer";
import type { BodyWriter, Responder } from "../server/http-server.js";
import { isStreamType, withStreamHeaders } from "./stream-format.js";

/** Headers that the server sets itself. */
const OWN_HEADERS = new Set(["content-length", "transfer-encoding", "connection", "date"]);

/** Statuses that a fetch-standard `Response` accepts only without a body. */
export const isNullBodyStatus = (status: number): boolean => [204, 205, 304].includes(status);

/** Receives the progress of a response. */
export interface ResponseSink {
  /** The head was sent; the body follows in pieces. */
  onBegun(): void;
  /** The whole response was handed over to the client. */
  onComplete(status: number): void;
}

/** Sends a fetch-standard `Response` of user code to the client, with back-pressure. */
export class ResponseSender {
  readonly #responder: Responder;
  readonly #sink: ResponseSink;
  readonly #addsStreamHeaders: boolean;
  #reader: ReadableStreamDefaultReader<Uint8Array> | undefined;
  #writer: BodyWriter | undefined;
  #drained: () => void = () => {};
  #cancelled = false;

  constructor(responder: Responder, sink: ResponseSink, addsStreamHeaders: boolean) {
    this.#responder = responder;
    this.#sink = sink;
    this.#addsStreamHeaders = addsStreamHeaders;
  }

  get hasBegun(): boolean {
    return this.#writer !== undefined;
  }

  /** Sends nothing more, and cancels the source of the body. */
  cancel(): void {
    this.#cancelled = true;
    this.#writer?.close();
    this.#drained();
    this.#reader?.cancel().catch(() => {});
  }

  /** Resolves when the last piece was written. @throws what reading the body throws; TypeError for one that was read already. */
  async send(response: Response): Promise<void> {
    if (this.#cancelled) {
      await response.body?.cancel();
      return;
    }
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
      this.#sink.onComplete(response.status);
      return;
    }
    const isStream = isStreamType(response.headers.get("content-type")?.toLowerCase() ?? "");
    const sent = isStream && this.#addsStreamHeaders ? withStreamHeaders(head) : head;
    const writer = this.#responder.begin(sent, undefined, {
      onDrain: () => this.#drained(),
      onFinish: () => this.#sink.onComplete(response.status),
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
