/** Why a request was ended from this side. */
export type Ending = "timeout" | "cut off";

/**
 * What ends a request from this side: its time, or the end of the test. Unlike `AbortSignal.timeout` it leaves no timer
 * behind, of which a test would gather a minute's worth.
 */
export class Limit {
  readonly #controller = new AbortController();
  readonly #cut: AbortSignal;
  readonly #timer: NodeJS.Timeout;
  #ending: Ending | undefined;

  /** @param cut ends it at once. */
  constructor(timeoutMs: number, cut: AbortSignal) {
    this.#cut = cut;
    this.#timer = setTimeout(() => this.#end("timeout"), timeoutMs);
    cut.addEventListener("abort", this.#onCut);
    if (cut.aborted) this.#onCut();
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** Undefined: it was not ended from this side. */
  get ending(): Ending | undefined {
    return this.#ending;
  }

  /** The request is over, and nothing is to be ended any more. */
  release(): void {
    clearTimeout(this.#timer);
    this.#cut.removeEventListener("abort", this.#onCut);
  }

  readonly #onCut = (): void => this.#end("cut off");

  #end(ending: Ending): void {
    this.#ending ??= ending;
    this.#controller.abort();
  }
}
