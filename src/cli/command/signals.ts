/** Exit code of a command that was interrupted, as shells have it: 128 and the number of SIGINT. */
export const INTERRUPTED = 130;

/**
 * A signal within so many milliseconds of the first is the same: npm passes on a signal that the terminal has sent to the
 * command, too.
 */
const SAME_MS = 300;

/**
 * Aborts on SIGINT, SIGTERM or SIGHUP; the reason is the signal's name. On a second signal `onAgain` is called, and the
 * process exits at once.
 */
export function interruption(onAgain: () => void): AbortSignal {
  const controller = new AbortController();
  let firstAt = 0;
  const onSignal = (signal: NodeJS.Signals): void => {
    if (!controller.signal.aborted) {
      firstAt = performance.now();
      controller.abort(signal);
    } else if (performance.now() - firstAt > SAME_MS) {
      onAgain();
      process.exit(INTERRUPTED);
    }
  };
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, onSignal);
  return controller.signal;
}

/**
 * Resolves on SIGINT, SIGTERM or SIGHUP, or to SIGPIPE when the reader of standard output has closed it.
 *
 * The handlers stay: a second signal, such as the one that npm passes on, must not interrupt the clean end.
 */
export async function untilSignal(): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, resolve);
    unreadOutput().addEventListener("abort", () => resolve("SIGPIPE"));
  });
}

/** Aborts when the reader of standard output has closed it, as `head` does when it has enough. The reason is `SIGPIPE`. */
export function unreadOutput(): AbortSignal {
  const controller = new AbortController();
  process.stdout.on("error", ({ code }: NodeJS.ErrnoException) => {
    if (code === "EPIPE") controller.abort("SIGPIPE");
  });
  return controller.signal;
}
