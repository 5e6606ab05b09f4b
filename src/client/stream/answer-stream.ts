import { TsworkerError } from "../../shared/errors.js";
import { Answer } from "../request/answer.js";
import type { RequestResult } from "../request/execute-request.js";
import { excerpt } from "../request/http-response.js";
import type { SendOptions } from "../request/request-options.js";
import { sseData, streamLines } from "./stream-decoders.js";

/** Last event of many models' streams. */
const DONE = "[DONE]";

/** Milliseconds between `[DONE]` and the end of the answer: leaving earlier would count as a cancellation. */
const END_MS = 1000;

/**
 * A streamed answer: iterating over it yields its events, parsed as JSON, each as soon as it arrives. The events are the
 * data of server-sent events, up to a `[DONE]` where the model sends one, or the lines of newline-delimited JSON; JSON
 * that is no stream is one event. Leaving the loop early cancels the request.
 *
 * @example
 * ```ts
 * const stream = await endpoint.request<Chunk>("/v1/completions", { prompt, stream: true }, { stream: true });
 * for await (const chunk of stream) process.stdout.write(chunk.choices[0].text);
 * ```
 */
export class AnswerStream<T = unknown> extends Answer implements AsyncIterable<T> {
  readonly #onInvalidEvent: SendOptions["onInvalidEvent"];

  constructor(result: RequestResult, onInvalidEvent: SendOptions["onInvalidEvent"]) {
    super(result);
    this.#onInvalidEvent = onInvalidEvent;
  }

  /**
   * @throws {TsworkerError} `WORKER_REFUSED` when the status is not 2xx, `ANSWER_BROKEN` when the stream breaks off,
   * `ANSWER_INVALID` when an event is not JSON and there is no `onInvalidEvent`.
   * @throws the signal's reason when it is aborted.
   */
  async *[Symbol.asyncIterator](): AsyncGenerator<T, void> {
    await this.expectOk();
    const { body, headers } = this.response;
    if (body === null) return;
    const type = headers.get("content-type") ?? "";
    if (/^text\/event-stream/i.test(type)) yield* this.#events(body);
    else if (/^application\/json\b/i.test(type)) yield* this.#parsed(await this.text());
    else for await (const line of streamLines(body)) yield* this.#parsed(line);
  }

  async *#events(body: ReadableStream<Uint8Array>): AsyncGenerator<T, void> {
    const limit = new AbortController();
    let timer: ReturnType<typeof setTimeout> | undefined;
    // A pipe, so that a pending read can be aborted.
    const limited = body.pipeThrough(new TransformStream<Uint8Array, Uint8Array>(), { signal: limit.signal });
    try {
      for await (const data of sseData(limited)) {
        if (data === DONE) timer ??= setTimeout(() => limit.abort(), END_MS);
        else if (timer === undefined) yield* this.#parsed(data);
      }
    } catch (error) {
      // After `[DONE]` the stream is complete.
      if (timer === undefined) throw error;
    } finally {
      clearTimeout(timer);
    }
  }

  *#parsed(text: string): Generator<T, void> {
    let event: T;
    try {
      event = JSON.parse(text) as T;
    } catch (cause) {
      const error = new TsworkerError(
        "ANSWER_INVALID",
        `expected JSON in the stream of the worker at ${this.url}, got: ${excerpt(text)}; read events() or bytes() instead`,
        { cause },
      );
      if (this.#onInvalidEvent === undefined) throw error;
      this.#onInvalidEvent(error, text);
      return;
    }
    yield event;
  }
}
