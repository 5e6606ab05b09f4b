import { TsworkerError } from "../../shared/errors.js";
import { follow } from "./follow.js";
import type { LastStatus, RequestStatus } from "./request-status.js";

interface ProgressInput {
  readonly signal?: AbortSignal | undefined;
  readonly timeoutMs?: number | undefined;
  readonly onStatus?: ((status: RequestStatus) => void) | undefined;
}

/** Milliseconds in which the engine has to name a worker, where the request as a whole has no limit. */
const ROUTING_MS = 60_000;

/** The longest that a timer can be set to, in milliseconds. */
const LONGEST_MS = 2 ** 31 - 1;

/** What a request that is late was doing. */
const DOING: Readonly<Partial<Record<RequestStatus, string>>> = {
  queued: "it was still waiting in the client's line, see maxConcurrency",
  "in progress": "it was at a worker, whose answer was not whole",
  retrying: "it had failed, and was waiting for the next try",
};

/** One request from its call to its end: how far it is, how much time it has, and the signal that ends it early. */
export class Progress {
  readonly #startedAt = performance.now();
  readonly #own = new AbortController();
  readonly #timeoutMs: number | undefined;
  readonly #onStatus: ((status: RequestStatus) => void) | undefined;
  readonly #unfollow: () => void;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #status: RequestStatus = "queued";
  #isOver = false;
  #isLate = false;

  constructor({ signal, timeoutMs, onStatus }: ProgressInput) {
    this.#timeoutMs = timeoutMs;
    this.#onStatus = onStatus;
    this.#unfollow = signal ? follow(signal, () => this.#own.abort(signal.reason)) : () => {};
    this.#limit();
    this.#tell("queued");
  }

  /** Aborted by the caller's own signal, by `cancel`, and when the request's time is over. */
  get signal(): AbortSignal {
    return this.#own.signal;
  }

  get status(): RequestStatus {
    return this.#status;
  }

  /** Milliseconds since the call. */
  get elapsedMs(): number {
    return performance.now() - this.#startedAt;
  }

  /** Milliseconds in which the engine has to name a worker: as many as the request has left. */
  get routingMs(): number {
    return this.#timeoutMs === undefined ? ROUTING_MS : Math.max(0, this.#timeoutMs - this.elapsedMs);
  }

  enter(status: Exclude<RequestStatus, LastStatus>): void {
    this.#set(status);
    this.#limit();
  }

  /** The last status; what comes after it is not heard. */
  end(status: LastStatus): void {
    this.#set(status);
    this.#isOver = true;
    clearTimeout(this.#timer);
    this.#unfollow();
  }

  /** Ends it with an error: as cancelled where that is why it failed. */
  fail(): void {
    this.end(this.signal.aborted && !this.#isLate ? "cancelled" : "errored");
  }

  cancel(): void {
    this.#own.abort(new DOMException("the request was cancelled", "AbortError"));
  }

  /** While the engine is asked no timer runs: that has the same limit, and its error has the engine's words. */
  #limit(): void {
    clearTimeout(this.#timer);
    if (this.#timeoutMs === undefined || this.#isOver || this.#status === "polling") return;
    const leftMs = Math.max(0, this.#timeoutMs - this.elapsedMs);
    if (leftMs <= LONGEST_MS) this.#timer = setTimeout(() => this.#expire(), leftMs);
  }

  #expire(): void {
    this.#isLate = true;
    const seconds = (this.#timeoutMs ?? 0) / 1000;
    const message = `the answer was not there within ${seconds} s: ${DOING[this.#status]}; give it more time with timeoutMs`;
    this.#own.abort(new TsworkerError("REQUEST_TIMEOUT", message));
  }

  #set(status: RequestStatus): void {
    if (this.#isOver || status === this.#status) return;
    this.#status = status;
    this.#tell(status);
  }

  /** What a callback throws is thrown outside of the request, as with event listeners: it is no fault of the request. */
  #tell(status: RequestStatus): void {
    try {
      this.#onStatus?.(status);
    } catch (error) {
      setTimeout(() => {
        throw error;
      });
    }
  }
}
