import { follow } from "./follow.js";

/**
 * A signal that is aborted when its time is over, or with another one. Unlike `AbortSignal.timeout` it leaves nothing
 * behind once it is released, of which many requests would gather a minute's worth.
 */
export class Limit {
  readonly #controller = new AbortController();
  readonly #timer: ReturnType<typeof setTimeout>;
  readonly #unfollow: () => void;

  constructor(withinMs: number, signal: AbortSignal | undefined) {
    this.#timer = setTimeout(
      () => this.#controller.abort(new DOMException(`no answer within ${withinMs} ms`, "TimeoutError")),
      withinMs,
    );
    this.#unfollow = signal ? follow(signal, () => this.#controller.abort(signal.reason)) : () => {};
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** What it limited is over. */
  release(): void {
    clearTimeout(this.#timer);
    this.#unfollow();
  }
}
