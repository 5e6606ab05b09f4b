/** The longest that a timer can be set to, in milliseconds: a longer one would be over at once. */
const LONGEST_MS = 2 ** 31 - 1;

/**
 * Waits, without Node's own timers so that it works in a browser.
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
      Math.min(milliseconds, LONGEST_MS),
    );
    signal?.addEventListener("abort", onAbort, { once: true });
  });
}
