/**
 * Calls `work` with a signal that aborts when `signal` does, or after a time with a `TimeoutError`.
 *
 * In the place of `AbortSignal.any([signal, AbortSignal.timeout(ms)])`: Node.js 20 collects such a time-out as garbage before
 * it fires, and what waits for it waits forever. Here the timer holds its signal.
 *
 * @param ms - from now until `work` has to be done.
 */
export async function withTimeLimit<T>(
  ms: number,
  signal: AbortSignal,
  work: (limited: AbortSignal) => Promise<T>,
): Promise<T> {
  const limit = new AbortController();
  const timer = setTimeout(
    () => limit.abort(new DOMException("The operation was aborted due to timeout", "TimeoutError")),
    ms,
  );
  timer.unref();
  try {
    return await work(AbortSignal.any([signal, limit.signal]));
  } finally {
    clearTimeout(timer);
  }
}

/** Whether an error is that of a time limit, as `fetch` (the reason itself) and Node.js (an `AbortError` with it as its cause) throw it. */
export function isTimeout(error: unknown): boolean {
  const reason = error instanceof Error && error.name === "AbortError" ? error.cause : error;
  return reason instanceof DOMException && reason.name === "TimeoutError";
}
