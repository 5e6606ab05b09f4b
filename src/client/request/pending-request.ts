import type { Progress } from "./progress.js";
import type { RequestStatus } from "./request-status.js";

/**
 * The promise of an answer, which also tells how far the request is.
 *
 * @example
 * ```ts
 * const pending = endpoint.request("/v1/completions", { prompt: "Hello" });
 * console.log(pending.status); // "queued"
 * const answer = await pending;
 * ```
 */
export class PendingRequest<T> implements Promise<T> {
  readonly [Symbol.toStringTag] = "PendingRequest";
  // biome-ignore lint/suspicious/noThenProperty: it is a promise, which knows its status besides
  readonly then: Promise<T>["then"];
  readonly catch: Promise<T>["catch"];
  readonly finally: Promise<T>["finally"];
  readonly #progress: Progress;

  constructor(promise: Promise<T>, progress: Progress) {
    // biome-ignore lint/suspicious/noThenProperty: as above
    this.then = promise.then.bind(promise);
    this.catch = promise.catch.bind(promise);
    this.finally = promise.finally.bind(promise);
    this.#progress = progress;
  }

  /** How far the request is. */
  get status(): RequestStatus {
    return this.#progress.status;
  }

  /**
   * Ends the request, wherever it is: the promise rejects with an `AbortError`, or the stream breaks off with one. A
   * request that has ended is left alone.
   */
  cancel(): void {
    this.#progress.cancel();
  }
}
