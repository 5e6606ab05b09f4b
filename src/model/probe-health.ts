import { fromPromise } from "xstate";
import { TsworkerError } from "../errors.js";

/** Milliseconds that the health URL may take to answer. */
const TIMEOUT_MS = 10_000;

/** Asks the model's health URL: resolves on 200, rejects on anything else. */
export function probeHealth(url: string) {
  return fromPromise<void>(async ({ signal }) => {
    let status: number;
    try {
      const response = await fetch(url, {
        redirect: "manual",
        signal: AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]),
      });
      status = response.status;
      await response.body?.cancel();
    } catch (error) {
      const cause =
        error instanceof Error && error.cause instanceof Error ? error.cause.message : String(error);
      throw new TsworkerError("MODEL_UNREACHABLE", `health check failed: ${cause}`, { cause: error });
    }
    if (status !== 200)
      throw new TsworkerError("MODEL_UNREACHABLE", `health check failed with status ${status}`);
  });
}
