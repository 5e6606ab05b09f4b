/** Maximum delay of a timer, in milliseconds: a longer one would expire immediately. */
export const MAX_TIMER_MS = 2 ** 31 - 1;

interface Followers {
  readonly callbacks: Set<() => void>;
  readonly listener: () => void;
}

const FOLLOWERS = new WeakMap<AbortSignal, Followers>();

/**
 * Calls a function when a signal is aborted; immediately, where it is already.
 *
 * A signal may live as long as its program and be used for any number of requests. It has one listener for all of them,
 * and none between them: Node.js warns of more than ten, and `AbortSignal.any` leaks memory at the signal with each call.
 *
 * @returns a function that removes the callback.
 */
export function followAbort(signal: AbortSignal, onAbort: () => void): () => void {
  if (signal.aborted) {
    onAbort();
    return () => {};
  }
  const followers = FOLLOWERS.get(signal) ?? listenTo(signal);
  followers.callbacks.add(onAbort);
  return () => {
    followers.callbacks.delete(onAbort);
    if (followers.callbacks.size > 0) return;
    signal.removeEventListener("abort", followers.listener);
    if (FOLLOWERS.get(signal) === followers) FOLLOWERS.delete(signal);
  };
}

function listenTo(signal: AbortSignal): Followers {
  const callbacks = new Set<() => void>();
  const listener = (): void => {
    for (const onAbort of callbacks) onAbort();
  };
  const followers = { callbacks, listener };
  signal.addEventListener("abort", listener, { once: true });
  FOLLOWERS.set(signal, followers);
  return followers;
}

/**
 * A signal that is aborted after a time, or together with another signal. Unlike `AbortSignal.timeout` it keeps no timer
 * once it is released.
 */
export class TimeLimit {
  readonly #controller = new AbortController();
  readonly #timer: ReturnType<typeof setTimeout> | undefined;
  readonly #unfollow: () => void;
  #isExpired = false;

  /** @param withinMs - no limit beyond {@link MAX_TIMER_MS}. */
  constructor(withinMs: number, signal: AbortSignal | undefined) {
    if (withinMs <= MAX_TIMER_MS) this.#timer = setTimeout(() => this.#expire(withinMs), withinMs);
    this.#unfollow = signal ? followAbort(signal, () => this.#controller.abort(signal.reason)) : () => {};
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  get isExpired(): boolean {
    return this.#isExpired;
  }

  /** Keeps following the other signal, without the limit. */
  lift(): void {
    clearTimeout(this.#timer);
  }

  release(): void {
    this.lift();
    this.#unfollow();
  }

  #expire(withinMs: number): void {
    this.#isExpired = true;
    this.#controller.abort(new DOMException(`no answer within ${withinMs} ms`, "TimeoutError"));
  }
}

/**
 * Waits. It uses the timers of browsers, not those of Node.js.
 *
 * @throws the signal's reason when it is aborted.
 */
export async function pause(milliseconds: number, signal: AbortSignal | undefined): Promise<void> {
  signal?.throwIfAborted();
  await new Promise<void>((resolve, reject) => {
    const onAbort = () => {
      clearTimeout(timer);
      reject(signal?.reason);
    };
    const timer = setTimeout(
      () => {
        signal?.removeEventListener("abort", onAbort);
        resolve();
      },
      Math.min(milliseconds, MAX_TIMER_MS),
    );
    signal?.addEventListener("abort", onAbort, { once: true });
  });
}

/**
 * Waits for a promise that is shared with other callers: an abort ends this waiting only.
 *
 * @throws the signal's reason when it is aborted first.
 */
export async function abortable<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  signal.throwIfAborted();
  let onAbort = (): void => {};
  const aborted = new Promise<never>((_resolve, reject) => {
    onAbort = () => reject(signal.reason);
    signal.addEventListener("abort", onAbort, { once: true });
  });
  return Promise.race([promise, aborted]).finally(() => signal.removeEventListener("abort", onAbort));
}
