import { setImmediate as nextTurn } from "node:timers/promises";
import { isAsyncIterable } from "../../shared/is-async-iterable.js";
import type { Payload } from "../../shared/wire.js";
import type { BodyWriter, Responder } from "../server/http-server.js";
import { withStreamHeaders } from "./stream-head.js";

/** A longer result goes out as fast as the client takes it, rather than being left to the server at once. */
const WHOLE_LIMIT = 64 * 1024;

/** Answers instead of a model server. */
export type RemoteFunction = (payload: Payload, signal: AbortSignal) => unknown;

/** Milliseconds that a function may take; null is no limit. */
export interface FunctionLimits {
  /** Until its result, or the first value that it yields. */
  readonly headersMs: number | null;
  /** Between two values that it yields. */
  readonly idleMs: number | null;
}

/** Hears how a function's answer went, once, unless it was cancelled. */
export interface FunctionSink {
  /** The answer has begun, and its body follows in pieces. */
  onBegun(): void;
  /** The client was handed the whole answer. */
  onRelayed(status: number): void;
  onThrown(error: unknown): void;
  onTimedOut(message: string): void;
}

/** What a `remoteFunction` gives: `{"result": …}` to the client, or a line of JSON for each value that it yields. */
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

  /** Aborts the function's signal; nothing is heard of it afterwards. */
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
      // A generator whose value could not be written waits to be asked for the next one.
      this.cancel();
      this.#sink.onThrown(error);
    }
  }

  #send(json: string): void {
    clearTimeout(this.#timer);
    if (json.length <= WHOLE_LIMIT) {
      this.#responder.answer(headOf("application/json"), json);
      this.#sink.onRelayed(200);
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
    // Before the first line the client can still be told that there is none.
    let line = await nextLine(iterator);
    if (signal.aborted) return;
    const writer = this.#begin("application/x-ndjson");
    while (line !== undefined) {
      this.#limit(null);
      // Others have their turn too, and the line goes out, where the generator itself waits for nothing.
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
    const told = this.#addsStreamHeaders && length === undefined ? withStreamHeaders(head) : head;
    const writer = this.#responder.begin(told, length, {
      onDrain: () => this.#drained(),
      onFinish: () => this.#sink.onRelayed(200),
    });
    this.#writer = writer;
    this.#sink.onBegun();
    return writer;
  }

  /** Replaces the limit that runs, if any. */
  #limit(milliseconds: number | null, message = ""): void {
    clearTimeout(this.#timer);
    if (milliseconds !== null) this.#timer = setTimeout(() => this.#sink.onTimedOut(message), milliseconds);
  }
}

/**
 * Ends a generator whose values nobody wants any more. One that waits for something ends only when it comes; its signal
 * tells it not to wait.
 */
async function endOf(iterator: AsyncIterator<unknown> | undefined): Promise<void> {
  try {
    await iterator?.return?.();
  } catch {
    // It failed in its own end, of which nobody is left to be told.
  }
}

/**
 * JSON text of what a function gave; nothing at all is null.
 *
 * @throws TypeError for what JSON has no text for.
 */
function textOf(value: unknown): string {
  const text: string | undefined = JSON.stringify(value ?? null);
  if (text === undefined)
    throw new TypeError(`expected a value that can be written as JSON, got a ${typeof value}`);
  return text;
}

/** @returns undefined behind the last value. */
async function nextLine(iterator: AsyncIterator<unknown>): Promise<Buffer | undefined> {
  const { done, value } = await iterator.next();
  return done === true ? undefined : Buffer.from(`${textOf(value)}\n`);
}

const headOf = (contentType: string) => ({
  status: 200,
  headers: ["content-type", contentType],
  isAscii: true,
});
