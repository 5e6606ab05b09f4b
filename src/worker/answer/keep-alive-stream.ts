import type { WorkerAnswer } from "../server/answer.js";
import type { BodyWriter, RequestSink, Responder, ResponseHead, WriterSink } from "../server/http-server.js";
import { type EventFamily, errorEvents, eventFamilyOf, refusalEvents, wholeEvents } from "./event-family.js";
import { EventBoundary, headerOf, withStreamHeaders } from "./stream-format.js";

const COMMENT = Buffer.from(": keep-alive\n\n");

/** Largest answer that is sent as one event of a stream that has begun, in bytes. */
const WHOLE_LIMIT = 16 * 1024 * 1024;

const EVENTS_HEAD: ResponseHead = {
  status: 200,
  headers: ["content-type", "text/event-stream; charset=utf-8"],
  isAscii: true,
};

export interface KeepAliveStreamOptions {
  readonly route: string;
  /** Milliseconds without data after which a comment is sent. */
  readonly keepAliveMs: number;
  readonly addsStreamHeaders: boolean;
}

/**
 * Sends comments in a stream of server-sent events, between two events of the model, whenever nothing was sent for
 * `keepAliveMs`. The first comment may precede the model's answer; later errors become events then, because the status was
 * sent.
 *
 * ```
 * waiting ─▶ begun by a comment ─▶ events of the model ─▶ complete
 *   │               └────────────▶ one event, from an answer that is not a stream
 *   ├──────▶ events of the model
 *   └──────▶ an answer that is not a stream, relayed before the first comment is due
 * ```
 *
 * Node.js keeps all timers of the same duration in one list, so that a timer for each stream costs as little to move as
 * one for all.
 */
export class KeepAliveStream implements Responder, WriterSink {
  readonly #responder: Responder;
  readonly #family: EventFamily;
  readonly #earlyHead: ResponseHead;
  readonly #timer: NodeJS.Timeout;
  readonly #boundary = new EventBoundary();
  /** Defined as soon as the head of a stream was sent. */
  #writer: BodyWriter | undefined;
  /** The producer of the answer, once it has begun. */
  #sink: WriterSink | undefined;
  /** The client does not read: no comments are added. */
  #isFull = false;
  /** The last byte was written. */
  #isComplete = false;

  constructor(responder: Responder, { route, keepAliveMs, addsStreamHeaders }: KeepAliveStreamOptions) {
    this.#responder = responder;
    this.#family = eventFamilyOf(route);
    this.#earlyHead = addsStreamHeaders ? withStreamHeaders(EVENTS_HEAD) : EVENTS_HEAD;
    this.#timer = setTimeout(() => this.#onSilence(), keepAliveMs);
  }

  receive(limit: number, sink: RequestSink): void {
    this.#responder.receive(limit, sink);
  }

  pause(): void {
    this.#responder.pause();
  }

  resume(): void {
    this.#responder.resume();
  }

  /** @throws for an answer that cannot become an event of a stream that has begun. */
  refuse(head: ResponseHead, body: string): void {
    this.#responder.refuse(head, body);
  }

  answer(head: ResponseHead, body?: Buffer | string, close?: boolean): void {
    this.stop();
    if (this.#writer === undefined) this.#responder.answer(head, body, close);
    else this.#finish(this.#writer, this.#eventsFrom(head, body?.toString() ?? ""));
  }

  /** @throws for an answer that cannot become an event of a stream that has begun. */
  begin(head: ResponseHead, length: number | undefined, sink: WriterSink): BodyWriter {
    const isEvents = isEventStream(head);
    if (this.#writer === undefined) {
      if (!isEvents) {
        this.stop();
        return this.#responder.begin(head, length, sink);
      }
      // With the comments it is longer than the model's `content-length`.
      this.#writer = this.#responder.begin(head, undefined, this);
    }
    this.#sink = sink;
    return isEvents ? this.#relayEvents(this.#writer) : this.#collect(this.#writer, head);
  }

  close(): void {
    this.stop();
    this.#responder.close();
  }

  /** Sends no further comments. */
  stop(): void {
    clearTimeout(this.#timer);
  }

  /**
   * Sends a failure as an event, and ends the stream.
   *
   * @returns false where that is not possible: no stream has begun, it is complete, or an event is incomplete.
   */
  fail({ status, body }: WorkerAnswer): boolean {
    const writer = this.#writer;
    if (writer === undefined || this.#isComplete || !this.#boundary.isBetween) return false;
    this.#sink = undefined;
    this.#finish(writer, errorEvents(this.#family, { status, message: messageOf(body) }));
    return true;
  }

  onDrain(): void {
    this.#isFull = false;
    this.#sink?.onDrain();
  }

  onFinish(): void {
    this.#sink?.onFinish();
  }

  #onSilence(): void {
    this.#writer ??= this.#responder.begin(this.#earlyHead, undefined, this);
    if (!this.#isFull && this.#boundary.isBetween) this.#isFull = !this.#writer.write(COMMENT);
    this.#timer.refresh();
  }

  #relayEvents(writer: BodyWriter): BodyWriter {
    return {
      write: (piece) => {
        if (this.#isComplete) return true;
        this.#boundary.push(piece);
        this.#timer.refresh();
        this.#isFull = !writer.write(piece);
        return !this.#isFull;
      },
      end: () => this.#finish(writer, ""),
      close: () => this.#detach(),
    };
  }

  /** Collects an answer that is not a stream; comments are sent meanwhile. */
  #collect(writer: BodyWriter, head: ResponseHead): BodyWriter {
    if (!canBecomeEvent(head)) throw unsuitable(head);
    const pieces: Buffer[] = [];
    let length = 0;
    return {
      write: (piece) => {
        length += piece.length;
        if (length > WHOLE_LIMIT)
          throw new RangeError(`expected at most ${WHOLE_LIMIT} bytes that are no stream`);
        pieces.push(Buffer.from(piece));
        return true;
      },
      end: () => this.#finish(writer, this.#eventsFrom(head, Buffer.concat(pieces).toString())),
      close: () => this.#detach(),
    };
  }

  /** The producer has ended; `fail` or `close` follows. */
  #detach(): void {
    this.#sink = undefined;
  }

  #finish(writer: BodyWriter, events: string): void {
    if (this.#isComplete) return;
    this.stop();
    this.#isComplete = true;
    if (events !== "") writer.write(Buffer.from(events));
    writer.end();
  }

  #eventsFrom(head: ResponseHead, text: string): string {
    if (!canBecomeEvent(head)) throw unsuitable(head);
    return isSuccess(head) ? wholeEvents(this.#family, text) : refusalEvents(this.#family, head.status, text);
  }
}

const isSuccess = ({ status }: ResponseHead): boolean => status >= 200 && status < 300;

const typeOf = (head: ResponseHead): string => headerOf(head, "content-type")?.toLowerCase() ?? "";

const isEncoded = (head: ResponseHead): boolean =>
  (headerOf(head, "content-encoding") ?? "identity").toLowerCase() !== "identity";

/** Between compressed events no comments can be inserted. */
const isEventStream = (head: ResponseHead): boolean =>
  isSuccess(head) && typeOf(head).startsWith("text/event-stream") && !isEncoded(head);

const canBecomeEvent = (head: ResponseHead): boolean =>
  !isEncoded(head) && (!isSuccess(head) || /^application\/(?:[\w.-]+\+)?json\b/.test(typeOf(head)));

const unsuitable = (head: ResponseHead): TypeError =>
  new TypeError(
    `expected events or JSON for a stream that has begun, got ${typeOf(head) || "no content type"}${isEncoded(head) ? ", compressed" : ""}`,
  );

/** The error text of an answer of the worker itself. */
function messageOf(body: unknown): string {
  const { error } = body as { readonly error?: unknown };
  return typeof error === "string" ? error : JSON.stringify(body);
}
