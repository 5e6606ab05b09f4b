import { TsworkerError } from "../../shared/errors.js";
import { followAbort, MAX_TIMER_MS } from "./abort.js";
import { FailedTries } from "./failed-tries.js";

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

/** State of a request, for {@link SendOptions.onProgress}. */
export interface RequestProgress {
  readonly status: RequestStatus;
  /** Milliseconds since the call. */
  readonly elapsedMs: number;
  /** Number of tries so far, the current one included. */
  readonly attempts: number;
  /** Base URL of the worker of the current try, or of the last one; undefined: none was named yet. */
  readonly worker: string | undefined;
  /** The engine's report of its workers, while none is ready; undefined otherwise. */
  readonly engineStatus: string | undefined;
}

/** Moments of a request, in epoch seconds; undefined: not reached. */
export interface RequestTimes {
  readonly created: number;
  /** It got one of the client's slots. */
  readonly started: number | undefined;
  /** The engine named the first worker, to which it was sent. */
  readonly routed: number | undefined;
  /** The answer was whole, or began where it is a stream. */
  readonly answered: number | undefined;
  /** The answer was whole, or the request failed. */
  readonly ended: number | undefined;
}

interface ProgressInput {
  readonly signal?: AbortSignal | undefined;
  readonly timeoutMs?: number | undefined;
  readonly onStatus?: ((status: RequestStatus) => void) | undefined;
  readonly onProgress?: ((progress: RequestProgress) => void) | undefined;
  /** Receives the seconds between sending the request to its first worker and its whole answer. */
  readonly onComplete: (seconds: number) => void;
}

/** Descriptions of the statuses in which a request can exceed its time. */
const DESCRIPTIONS: Readonly<Partial<Record<RequestStatus, string>>> = {
  queued: "it was still waiting in the client's line, see maxConcurrency",
  "in progress": "it was at a worker, whose answer was not whole",
  retrying: "it had failed, and was waiting for the next try",
};

/** A request's status, its time limit, and the signal that aborts it. */
export class Progress {
  readonly failures = new FailedTries();
  readonly #startedAt = performance.now();
  readonly #createdAt = Date.now() / 1000;
  readonly #times: { -readonly [Step in keyof Omit<RequestTimes, "created">]?: number } = {};
  readonly #controller = new AbortController();
  readonly #timeoutMs: number | undefined;
  readonly #onStatus: ((status: RequestStatus) => void) | undefined;
  readonly #onProgress: ((progress: RequestProgress) => void) | undefined;
  readonly #onComplete: (seconds: number) => void;
  readonly #unfollow: () => void;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #status: RequestStatus = "queued";
  #attempts = 0;
  #worker: string | undefined;
  #engineStatus: string | undefined;
  #isFinal = false;
  #isTimedOut = false;

  constructor({ signal, timeoutMs, onComplete, onProgress, onStatus }: ProgressInput) {
    this.#onComplete = onComplete;
    this.#timeoutMs = timeoutMs;
    this.#onStatus = onStatus;
    this.#onProgress = onProgress;
    this.#unfollow = signal ? followAbort(signal, () => this.#controller.abort(signal.reason)) : () => {};
    this.#startTimer();
    this.#notify();
  }

  /** Aborted by the caller's signal, by `cancel`, and at the end of the request's time. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  get status(): RequestStatus {
    return this.#status;
  }

  get times(): RequestTimes {
    const epoch = (moment: number | undefined): number | undefined =>
      moment === undefined ? undefined : this.#createdAt + (moment - this.#startedAt) / 1000;
    const { started, routed, answered, ended } = this.#times;
    return {
      created: this.#createdAt,
      started: epoch(started),
      routed: epoch(routed),
      answered: epoch(answered),
      ended: epoch(ended),
    };
  }

  /** Milliseconds since the call. */
  get elapsedMs(): number {
    return performance.now() - this.#startedAt;
  }

  /** Milliseconds of the request's time that are left. */
  get leftMs(): number {
    return Math.max(0, (this.#timeoutMs ?? Number.POSITIVE_INFINITY) - this.elapsedMs);
  }

  /** Asks the engine for a worker. */
  poll(): void {
    this.#times.started ??= performance.now();
    this.#enter("polling");
  }

  /** The engine reports that no worker is ready yet. */
  noWorkerReady(engineStatus: string | undefined): void {
    this.#engineStatus = engineStatus;
    this.#call(() => this.#onProgress?.(this.#state));
  }

  /** Sends the request to a worker. */
  sendTo(worker: string): void {
    this.#worker = worker;
    this.#engineStatus = undefined;
    this.#attempts += 1;
    this.#times.routed ??= performance.now();
    this.#enter("in progress");
  }

  retry(): void {
    this.#enter("retrying");
  }

  /** The answer is whole, or has begun. */
  answered(): void {
    this.#times.answered = performance.now();
  }

  /** Sets the final status; later ones are ignored. */
  end(status: FinalStatus): void {
    if (!this.#isFinal) {
      const ended = performance.now();
      this.#times.ended = ended;
      if (status === "complete") this.#onComplete((ended - (this.#times.routed ?? ended)) / 1000);
    }
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

  get #state(): RequestProgress {
    return {
      status: this.#status,
      elapsedMs: this.elapsedMs,
      attempts: this.#attempts,
      worker: this.#worker,
      engineStatus: this.#engineStatus,
    };
  }

  #enter(status: Exclude<RequestStatus, FinalStatus>): void {
    this.#set(status);
    this.#startTimer();
  }

  /** No timer runs while routing, which has the same limit and a more precise error. */
  #startTimer(): void {
    clearTimeout(this.#timer);
    if (this.#timeoutMs === undefined || this.#isFinal || this.#status === "polling") return;
    const { leftMs } = this;
    if (leftMs <= MAX_TIMER_MS) this.#timer = setTimeout(() => this.#expire(), leftMs);
  }

  #expire(): void {
    this.#isTimedOut = true;
    const seconds = (this.#timeoutMs ?? 0) / 1000;
    const worker = this.#status === "in progress" ? ` (${this.#worker})` : "";
    const { failures } = this;
    const before = failures.count === 0 ? "" : `; tries that failed before:${failures.text}`;
    const message = `the answer was not there within ${seconds} s: ${DESCRIPTIONS[this.#status]}${worker}; give it more time with timeoutMs${before}`;
    this.#controller.abort(
      new TsworkerError("REQUEST_TIMEOUT", message, failures.count === 0 ? {} : { cause: failures.cause }),
    );
  }

  #set(status: RequestStatus): void {
    if (this.#isFinal || status === this.#status) return;
    this.#status = status;
    this.#notify();
  }

  #notify(): void {
    this.#call(() => this.#onStatus?.(this.#status));
    this.#call(() => this.#onProgress?.(this.#state));
  }

  /** An exception of a callback is thrown outside of the request, as with event listeners. */
  #call(callback: () => void): void {
    try {
      callback();
    } catch (error) {
      setTimeout(() => {
        throw error;
      });
    }
  }
}
