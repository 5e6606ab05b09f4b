import { TsworkerError } from "../../shared/errors.js";
import { followAbort, MAX_TIMER_MS } from "./abort.js";

/**
 * Status of a request:
 *
 * - `queued`: waits for one of the client's slots;
 * - `polling`: asks the engine for a worker;
 * - `in progress`: was sent to a worker, whose answer may have begun;
 * - `retrying`: failed, and waits before it asks the engine again;
 * - `complete`: the answer is whole, whatever its status;
 * - `errored`: failed, or its answer broke off;
 * - `cancelled`: its signal was aborted, it was cancelled, or the reader of its stream left before the end.
 */
export type RequestStatus =
  | "queued"
  | "polling"
  | "in progress"
  | "retrying"
  | "complete"
  | "errored"
  | "cancelled";

/** Final statuses. */
export type FinalStatus = Extract<RequestStatus, "complete" | "errored" | "cancelled">;

interface ProgressInput {
  readonly signal?: AbortSignal | undefined;
  readonly timeoutMs?: number | undefined;
  readonly onStatus?: ((status: RequestStatus) => void) | undefined;
}

/** Milliseconds in which the engine has to name a worker, where the request has no limit. */
const ROUTING_MS = 60_000;

/** Descriptions of the statuses in which a request can exceed its time. */
const DESCRIPTIONS: Readonly<Partial<Record<RequestStatus, string>>> = {
  queued: "it was still waiting in the client's line, see maxConcurrency",
  "in progress": "it was at a worker, whose answer was not whole",
  retrying: "it had failed, and was waiting for the next try",
};

/** A request's status, its time limit, and the signal that aborts it. */
export class Progress {
  readonly #startedAt = performance.now();
  readonly #controller = new AbortController();
  readonly #timeoutMs: number | undefined;
  readonly #onStatus: ((status: RequestStatus) => void) | undefined;
  readonly #unfollow: () => void;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #status: RequestStatus = "queued";
  #isFinal = false;
  #isTimedOut = false;

  constructor({ signal, timeoutMs, onStatus }: ProgressInput) {
    this.#timeoutMs = timeoutMs;
    this.#onStatus = onStatus;
    this.#unfollow = signal ? followAbort(signal, () => this.#controller.abort(signal.reason)) : () => {};
    this.#startTimer();
    this.#notify("queued");
  }

  /** Aborted by the caller's signal, by `cancel`, and at the end of the request's time. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  get status(): RequestStatus {
    return this.#status;
  }

  /** Milliseconds since the call. */
  get elapsedMs(): number {
    return performance.now() - this.#startedAt;
  }

  /** Milliseconds in which the engine has to name a worker: the rest of the request's time. */
  get routingMs(): number {
    return this.#timeoutMs === undefined ? ROUTING_MS : Math.max(0, this.#timeoutMs - this.elapsedMs);
  }

  enter(status: Exclude<RequestStatus, FinalStatus>): void {
    this.#set(status);
    this.#startTimer();
  }

  /** Sets the final status; later ones are ignored. */
  end(status: FinalStatus): void {
    this.#set(status);
    this.#isFinal = true;
    clearTimeout(this.#timer);
    this.#unfollow();
  }

  /** Ends with an error: `cancelled` where an abort caused it. */
  fail(): void {
    this.end(this.signal.aborted && !this.#isTimedOut ? "cancelled" : "errored");
  }

  cancel(): void {
    this.#controller.abort(new DOMException("the request was cancelled", "AbortError"));
  }

  /** No timer runs while routing, which has the same limit and a more precise error. */
  #startTimer(): void {
    clearTimeout(this.#timer);
    if (this.#timeoutMs === undefined || this.#isFinal || this.#status === "polling") return;
    const leftMs = Math.max(0, this.#timeoutMs - this.elapsedMs);
    if (leftMs <= MAX_TIMER_MS) this.#timer = setTimeout(() => this.#expire(), leftMs);
  }

  #expire(): void {
    this.#isTimedOut = true;
    const seconds = (this.#timeoutMs ?? 0) / 1000;
    const message = `the answer was not there within ${seconds} s: ${DESCRIPTIONS[this.#status]}; give it more time with timeoutMs`;
    this.#controller.abort(new TsworkerError("REQUEST_TIMEOUT", message));
  }

  #set(status: RequestStatus): void {
    if (this.#isFinal || status === this.#status) return;
    this.#status = status;
    this.#notify(status);
  }

  /** An exception of the callback is thrown outside of the request, as with event listeners. */
  #notify(status: RequestStatus): void {
    try {
      this.#onStatus?.(status);
    } catch (error) {
      setTimeout(() => {
        throw error;
      });
    }
  }
}
