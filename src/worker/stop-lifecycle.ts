import { setTimeout as delay } from "node:timers/promises";
import type { Log } from "../shared/log.js";
import type { CheckedConfig } from "./config/config.js";

/** Milliseconds that `lifecycle.stop` may take. */
const STOP_TIMEOUT_MS = 10_000;

/** Stops what the lifecycle started, whatever the worker stopped for. @param hurry ends the waiting for it. */
export async function stopLifecycle(
  { lifecycle }: CheckedConfig,
  log: Log,
  hurry: AbortSignal,
): Promise<void> {
  if (lifecycle?.stop === undefined) return;
  const ended = new AbortController();
  const giveUp = async (): Promise<void> => {
    await delay(STOP_TIMEOUT_MS, undefined, { signal: AbortSignal.any([hurry, ended.signal]) }).catch(
      () => {},
    );
    if (hurry.aborted) throw new Error("a second signal came, so that it was not waited for");
    if (!ended.signal.aborted) throw new Error(`it did not end within ${STOP_TIMEOUT_MS} ms`);
  };
  try {
    await Promise.race([lifecycle.stop(), giveUp()]);
  } catch (error) {
    log.error({ err: error }, "lifecycle.stop failed");
  } finally {
    ended.abort();
  }
}
