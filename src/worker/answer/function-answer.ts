import { setImmediate as nextTurn } from "node:timers/promises";
import { isAsyncIterable } from "../../shared/is-async-iterable.js";
import type { Payload } from "../../shared/wire.js";
import type { BodyWriter, Responder } from "../server/http-server.js";
import { withStreamHeaders } from "./stream-format.js";

/** Characters of a result up to which it is sent in one piece, without back-pressure. */
const WHOLE_LIMIT = 64 * 1024;

/** Answers instead of a model server. */
export type RemoteFunction = (payload: Payload, signal: AbortSignal) => unknown;

/** Time limits of a function in milliseconds; null: none. */
export interface FunctionLimits {
  /** Until its result, or the first yielded value. */
  readonly headersMs: number | null;
  /** Between two yielded values. */
  readonly idleMs: number | null;
}

/** Receives the result of a function's answer, once, unless it was cancelled. */
export interface FunctionSink {
  /** The head of the answer was sent; its body follows in pieces. */
  onBegun(): void;
  /** The whole answer was handed over to the client. */
  onComplete(status: number): void;
  onThrown(error: unknown): void;
  onTimedOut(message: string): void;
}

/** Answers with the result of a `remoteFunction`: `{"result": …}`, or a line of JSON for each yielded value. */
export class FunctionAnswer {
  readonly #responder: Responder;
  readonly #limits: FunctionLimits;
  readonly #sink: FunctionSink;
  readonly #addsStreamHeaders: boolean;
  readonly #controller = new AbortController();
  #iterator: AsyncIterator<unknown> | undefined;
  #writer: BodyWriter | undefined;
  #timer: NodeJS.Timeout | undefined;
  #drained: () => void = () => {};

  constructor(responder: Responder, limits: FunctionLimits, sink: FunctionSink, addsStreamHeaders = false) {
    this.#responder = responder;
    this.#limits = limits;
    this.#sink = sink;
    this.#addsStreamHeaders = addsStreamHeaders;
  }

  get hasBegun(): boolean {
    return this.#writer !== undefined;
  }

  /** Aborts the function's signal, without further calls of the sink. */
  cancel(): void {
    clearTimeout(this.#timer);
    this.#writer?.close();
    this.#controller.abort();
    this.#drained();
    void endOf(this.#iterator);
  }

  async call(remoteFunction: RemoteFunction, payload: Payload): Promise<void> {
    const { signal } = this.#controller;
    const { headersMs } = this.#limits;
    this.#limit(headersMs, `the function gave no result within ${headersMs} ms`);
    try {
      const result = await remoteFunction(payload, signal);
      if (isAsyncIterable(result)) await this.#stream(result);
      else if (!signal.aborted) this.#send(`{"result":${textOf(result)}}`);
    } catch (error) {
      if (signal.aborted) return;
      // Ends a generator whose value could not be written.
      this.cancel();
      this.#sink.onThrown(error);
    }
  }

  #send(json: string): void {
    clearTimeout(this.#timer);
    if (json.length <= WHOLE_LIMIT) {
      this.#responder.answer(headOf("application/json"), json);
      this.#sink.onComplete(200);
      return;
    }
    const body = Buffer.from(json);
    const writer = this.#begin("application/json", body.length);
    writer.write(body);
    writer.end();
  }

  async #stream(values: AsyncIterable<unknown>): Promise<void> {
    const { signal } = this.#controller;
    const { idleMs } = this.#limits;
    const iterator = values[Symbol.asyncIterator]();
    this.#iterator = iterator;
    if (signal.aborted) {
      await endOf(iterator);
      return;
    }
    // Before the first line an error can still be answered with its status.
    let line = await nextLine(iterator);
    if (signal.aborted) return;
    const writer = this.#begin("application/x-ndjson");
    while (line !== undefined) {
      this.#limit(null);
      // A generator that awaits nothing must not block the event loop, and its lines must be sent.
      if (writer.write(line)) await nextTurn();
      else {
        await new Promise<void>((resolve) => {
          this.#drained = resolve;
        });
      }
      if (signal.aborted) return;
      this.#limit(idleMs, `the function yielded nothing for ${idleMs} ms`);
      line = await nextLine(iterator);
      if (signal.aborted) return;
    }
    this.#limit(null);
    writer.end();
  }

  #begin(contentType: string, length?: number): BodyWriter {
    const head = headOf(contentType);
    const sent = this.#addsStreamHeaders && length === undefined ? withStreamHeaders(head) : head;
    const writer = this.#responder.begin(sent, length, {
      onDrain: () => this.#drained(),
      onFinish: () => this.#sink.onComplete(200),
    });
    this.#writer = writer;
    this.#sink.onBegun();
    return writer;
  }

  /** Replaces the current time limit. */
  #limit(milliseconds: number | null, message = ""): void {
    clearTimeout(this.#timer);
    if (milliseconds !== null) this.#timer = setTimeout(() => this.#sink.onTimedOut(message), milliseconds);
  }
}

/**
 * Ends a generator whose values are no longer required. One that awaits something ends only afterwards, unless it observes
 * its signal.
 */
async function endOf(iterator: AsyncIterator<unknown> | undefined): Promise<void> {
  try {
    await iterator?.return?.();
  } catch {
    // It failed after its request has ended.
  }
}

/**
 * The JSON text of a function's value; undefined becomes null.
 *
 * @throws TypeError for a value that JSON cannot represent.
 */
function textOf(value: unknown): string {
  const text: string | undefined = JSON.stringify(value ?? null);
  if (text === undefined)
    throw new TypeError(`expected a value that can be written as JSON, got a ${typeof value}`);
  return text;
}

/** @returns undefined after the last value. */
async function nextLine(iterator: AsyncIterator<unknown>): Promise<Buffer | undefined> {
  const { done, value } = await iterator.next();
  return done === true ? undefined : Buffer.from(`${textOf(value)}\n`);
}

const headOf = (contentType: string) => ({
  status: 200,
  headers: ["content-type", contentType],
  isAscii: true,
});
