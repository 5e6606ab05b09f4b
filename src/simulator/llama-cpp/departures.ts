/** Milliseconds between two looks whether a client is still there, which cpp-httplib takes. */
const POLL_MS = 1000;

/** Notices that clients have left, as late as the server does, which looks every second. */
export class Departures {
  readonly #watched = new Set<() => void>();

  /** The server ends: it drops all clients, which it notices at once. */
  halt(): void {
    for (const noticeAtOnce of this.#watched) noticeAtOnce();
  }

  /**
   * Aborts `stop` when the client has left and the server notices.
   *
   * @param left aborts when the client leaves.
   * @returns `noticeAtOnce`, for a stream that has begun: writing to a client that has left fails; and `end`.
   */
  watch(left: AbortSignal, stop: AbortController) {
    const since = performance.now();
    let timer: NodeJS.Timeout | undefined;
    let isPolled = true;
    const notice = (): void => {
      if (left.aborted) stop.abort(left.reason);
    };
    const noticeAtOnce = (): void => {
      isPolled = false;
      notice();
    };
    const onLeft = (): void => {
      if (!isPolled) notice();
      else timer = setTimeout(notice, POLL_MS - ((performance.now() - since) % POLL_MS));
    };
    this.#watched.add(noticeAtOnce);
    if (left.aborted) onLeft();
    else left.addEventListener("abort", onLeft, { once: true });
    return {
      noticeAtOnce,
      end: (): void => {
        clearTimeout(timer);
        this.#watched.delete(noticeAtOnce);
        left.removeEventListener("abort", onLeft);
      },
    };
  }
}
