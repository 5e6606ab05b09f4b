import type { Handler } from "../config.js";
import type { Payload } from "../wire.js";
import type { ModelClient } from "./client.js";

/**
 * Sends a payload of the worker's own, such as the benchmark's, the way a request goes.
 *
 * @returns whether it was answered with 200.
 */
export async function sendPayload(
  { route, remoteFunction }: Handler,
  model: ModelClient | undefined,
  payload: Payload,
  signal: AbortSignal,
): Promise<boolean> {
  if (remoteFunction !== undefined) {
    try {
      await remoteFunction(payload, signal);
      return true;
    } catch {
      return false;
    }
  }
  if (model === undefined || signal.aborted) return false;
  return new Promise((resolve) => {
    let status = 0;
    const settle = (isAnswered: boolean): void => {
      signal.removeEventListener("abort", onAbort);
      resolve(isAnswered);
    };
    const call = model.post(route, JSON.stringify(payload), {
      onHead: (answered) => {
        status = answered;
      },
      onData: () => true,
      onEnd: () => settle(status === 200),
      onError: () => settle(false),
    });
    const onAbort = (): void => {
      call.cancel();
      settle(false);
    };
    signal.addEventListener("abort", onAbort);
  });
}
