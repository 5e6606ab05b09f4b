import { connect } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import { TsworkerError } from "../errors.js";
import type { Log } from "../log.js";

/** Milliseconds between two tries: the first pause, and the longest. */
const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 5000;
/** Milliseconds that one try may take. */
const TRY_MS = 5000;

/** Whether somebody accepts a connection. */
function isListening({ hostname, port, protocol }: URL): Promise<boolean> {
  return new Promise((resolve) => {
    const host = hostname.replace(/^\[|\]$/g, "");
    const socket = connect({ host, port: Number(port) || (protocol === "https:" ? 443 : 80) });
    const settle = (isOpen: boolean): void => {
      socket.destroy();
      resolve(isOpen);
    };
    socket.setTimeout(TRY_MS, () => settle(false));
    socket.once("connect", () => settle(true)).once("error", () => settle(false));
  });
}

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
  for (let pause = FIRST_PAUSE_MS; !(await isListening(url)); pause = Math.min(pause * 2, LONGEST_PAUSE_MS)) {
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
  }
  signal.throwIfAborted();
}
