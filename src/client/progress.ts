import type { LastStatus, RequestStatus } from "./request-status.js";

interface ProgressInput {
  readonly signal?: AbortSignal | undefined;
  readonly onStatus?: ((status: RequestStatus) => void) | undefined;
}

/** One request from its call to its end: how far it is, and the signal that ends it early. */
export class Progress {
  /** Aborted by the caller's own signal, and by `cancel`. */
  readonly signal: AbortSignal;
  readonly #startedAt = performance.now();
  readonly #own = new AbortController();
  readonly #onStatus: (status: RequestStatus) => void;
  #status: RequestStatus = "queued";
  #isOver = false;

  constructor({ signal, onStatus = () => {} }: ProgressInput) {
    this.signal = signal ? AbortSignal.any([signal, this.#own.signal]) : this.#own.signal;
    this.#onStatus = onStatus;
    onStatus("queued");
  }

  get status(): RequestStatus {
    return this.#status;
  }

  /** Milliseconds since the call. */
  get elapsedMs(): number {
    return performance.now() - this.#startedAt;
  }

  enter(status: Exclude<RequestStatus, LastStatus>): void {
    this.#set(status);
  }

  /** The last status; what comes after it is not heard. */
  end(status: LastStatus): void {
    this.#set(status);
    this.#isOver = true;
  }

  /** Ends it with an error: as cancelled where that is why it failed. */
  fail(): void {
    this.end(this.signal.aborted ? "cancelled" : "errored");
  }

  cancel(): void {
    this.#own.abort(new DOMException("the request was cancelled", "AbortError"));
  }

  #set(status: RequestStatus): void {
    if (this.#isOver || status === this.#status) return;
    this.#status = status;
    this.#onStatus(status);
  }
}
