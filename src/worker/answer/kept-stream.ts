import type { Answer } from "../server/answer.js";
import type { BodyWriter, RequestSink, Responder, ResponseHead, WriterSink } from "../server/http-server.js";
import { EventBoundary } from "./event-boundary.js";
import { type EventFamily, errorEvents, eventFamilyOf, refusalEvents, wholeEvents } from "./event-family.js";
import { headerOf, withStreamHeaders } from "./stream-head.js";

const COMMENT = Buffer.from(": keep-alive\n\n");

/** Largest answer that is no stream, in bytes, that becomes an event of a stream that has begun. */
const WHOLE_LIMIT = 16 * 1024 * 1024;

const EVENTS_HEAD: ResponseHead = {
  status: 200,
  headers: ["content-type", "text/event-stream; charset=utf-8"],
  isAscii: true,
};

export interface KeptStreamOptions {
  readonly route: string;
  /** Milliseconds of silence after which a comment goes out. */
  readonly keepAliveMs: number;
  readonly addsStreamHeaders: boolean;
}

/**
 * Answers a client that asked for server-sent events, and never leaves it in silence: whenever nothing went out for
 * `keepAliveMs`, a comment does, between two events of the model. The first comment takes the head of the answer with it.
 * What goes wrong later is told as an event, because the status is gone.
 *
 * ```
 * silent ─▶ begun early ─▶ events of the model ─▶ over
 *   │           └────────▶ one event made of an answer that is no stream
 *   ├─────▶ events of the model
 *   └─────▶ passed on: an answer that is no stream, or comes before the first comment is due
 * ```
 *
 * Node.js keeps all timers of the same duration in one list, so that a timer for each stream costs as little to move as
 * one for all.
 */
export class KeptStream implements Responder, WriterSink {
  readonly #responder: Responder;
  readonly #family: EventFamily;
  readonly #earlyHead: ResponseHead;
  readonly #timer: NodeJS.Timeout;
  readonly #boundary = new EventBoundary();
  /** Defined as soon as the head of a stream went out. */
  #writer: BodyWriter | undefined;
  /** Whoever makes the answer, once it has begun. */
  #sink: WriterSink | undefined;
  /** The client does not read: nothing is added to what waits for it. */
  #isFull = false;
  /** The last byte was written. */
  #isOver = false;

  constructor(responder: Responder, { route, keepAliveMs, addsStreamHeaders }: KeptStreamOptions) {
    this.#responder = responder;
    this.#family = eventFamilyOf(route);
    this.#earlyHead = addsStreamHeaders ? withStreamHeaders(EVENTS_HEAD) : EVENTS_HEAD;
    this.#timer = setTimeout(() => this.#onSilence(), keepAliveMs);
  }

  receive(limit: number, sink: RequestSink): void {
    this.#responder.receive(limit, sink);
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
      // With the comments it is longer than the model said.
      this.#writer = this.#responder.begin(head, undefined, this);
    }
    this.#sink = sink;
    return isEvents ? this.#passEvents(this.#writer) : this.#collect(this.#writer, head);
  }

  close(): void {
    this.stop();
    this.#responder.close();
  }

  /** Nothing more is added to the stream. */
  stop(): void {
    clearTimeout(this.#timer);
  }

  /**
   * Tells the client of a failure as an event, and ends the stream.
   *
   * @returns false where that is not possible: no stream has begun, it is over, or stands in the middle of an event.
   */
  fail({ status, body }: Answer): boolean {
    const writer = this.#writer;
    if (writer === undefined || this.#isOver || !this.#boundary.isBetween) return false;
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

  #passEvents(writer: BodyWriter): BodyWriter {
    return {
      write: (piece) => {
        if (this.#isOver) return true;
        this.#boundary.push(piece);
        this.#timer.refresh();
        this.#isFull = !writer.write(piece);
        return !this.#isFull;
      },
      end: () => this.#finish(writer, ""),
      close: () => this.#leave(),
    };
  }

  /** Gathers an answer that is no stream; comments go out while it comes. */
  #collect(writer: BodyWriter, head: ResponseHead): BodyWriter {
    if (!canBecomeEvent(head)) throw misfit(head);
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
      close: () => this.#leave(),
    };
  }

  /** Whoever made the answer hears nothing more. What is to be told of its end is told by `fail` or `close`. */
  #leave(): void {
    this.#sink = undefined;
  }

  #finish(writer: BodyWriter, events: string): void {
    if (this.#isOver) return;
    this.stop();
    this.#isOver = true;
    if (events !== "") writer.write(Buffer.from(events));
    writer.end();
  }

  #eventsFrom(head: ResponseHead, text: string): string {
    if (!canBecomeEvent(head)) throw misfit(head);
    return isSuccess(head) ? wholeEvents(this.#family, text) : refusalEvents(this.#family, head.status, text);
  }
}

const isSuccess = ({ status }: ResponseHead): boolean => status >= 200 && status < 300;

const typeOf = (head: ResponseHead): string => headerOf(head, "content-type")?.toLowerCase() ?? "";

const isEncoded = (head: ResponseHead): boolean =>
  (headerOf(head, "content-encoding") ?? "identity").toLowerCase() !== "identity";

/** Of events that are compressed nothing can be told, and nothing be put between them. */
const isEventStream = (head: ResponseHead): boolean =>
  isSuccess(head) && typeOf(head).startsWith("text/event-stream") && !isEncoded(head);

const canBecomeEvent = (head: ResponseHead): boolean =>
  !isEncoded(head) && (!isSuccess(head) || /^application\/(?:[\w.-]+\+)?json\b/.test(typeOf(head)));

const misfit = (head: ResponseHead): TypeError =>
  new TypeError(
    `expected events or JSON for a stream that has begun, got ${typeOf(head) || "no content type"}${isEncoded(head) ? ", compressed" : ""}`,
  );

/** What an answer of the worker's own says. */
function messageOf(body: unknown): string {
  const { error } = body as { readonly error?: unknown };
  return typeof error === "string" ? error : JSON.stringify(body);
}
