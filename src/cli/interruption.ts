/** Exit code of a command that was interrupted, as shells have it: 128 and the number of SIGINT. */
export const INTERRUPTED = 130;

/**
 * How soon a second signal belongs to the first, in milliseconds: npm passes a terminal's on to a command that
 * has had it already.
 */
const SAME_MS = 300;

/**
 * Aborts when the process is asked to end, by SIGINT, SIGTERM or SIGHUP; the reason is the signal's name. When it is asked again, `onAgain` is
 * called and the process exits at once.
 */
export function interruption(onAgain: () => void): AbortSignal {
  const controller = new AbortController();
  let firstAt = 0;
  const asked = (signal: NodeJS.Signals): void => {
    if (!controller.signal.aborted) {
      firstAt = performance.now();
      controller.abort(signal);
    } else if (performance.now() - firstAt > SAME_MS) {
      onAgain();
      process.exit(INTERRUPTED);
    }
  };
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, asked);
  return controller.signal;
}
