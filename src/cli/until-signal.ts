import { unreadOutput } from "./unread-output.js";

/**
 * Resolves when the process is asked to end, by SIGINT, SIGTERM, or SIGHUP when its terminal closes; or when the
 * reader of its output has gone (SIGPIPE).
 *
 * The handlers stay: a second signal, such as the one that npm passes on in addition to the terminal's, must not
 * cut the clean end short.
 */
export async function untilSignal(): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, resolve);
    unreadOutput().addEventListener("abort", () => resolve("SIGPIPE"));
  });
}
