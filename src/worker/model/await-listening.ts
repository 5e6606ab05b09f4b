import { setTimeout as delay } from "node:timers/promises";
import { TsworkerError } from "../../shared/errors.js";
import type { Log } from "../../shared/log.js";
import { connectionError } from "./reach-port.js";

/** Milliseconds between two tries: the first pause, and the longest. */
const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 5000;
/**
 * Waits until the model server accepts connections: some say that they have loaded before they listen.
 *
 * @param server its base URL.
 * @throws TsworkerError `MODEL_UNREACHABLE` when that took longer than `timeoutMs`.
 */
export async function awaitListening(
  server: string,
  timeoutMs: number,
  log: Log,
  signal: AbortSignal,
): Promise<void> {
  const url = new URL(server);
  const deadline = performance.now() + timeoutMs;
  let pause = FIRST_PAUSE_MS;
  while ((await connectionError(url)) !== undefined) {
    signal.throwIfAborted();
    const left = deadline - performance.now();
    if (left <= 0) {
      throw new TsworkerError(
        "MODEL_UNREACHABLE",
        `the model at ${url.origin} did not accept a connection within ${timeoutMs / 1000} s`,
      );
    }
    if (pause === FIRST_PAUSE_MS)
      log.info({ model: url.origin }, "the model does not listen yet, trying again");
    await delay(Math.min(pause, left), undefined, { signal });
    pause = Math.min(pause * 2, LONGEST_PAUSE_MS);
  }
  signal.throwIfAborted();
}
