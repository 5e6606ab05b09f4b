import pLimit from "p-limit";
import { fromPromise } from "xstate";
import type { OnCloseCall } from "../../../machines/session.js";
import type { Log } from "../../shared/log.js";
import { withTimeLimit } from "../../shared/time-limit.js";
import { type Target, targetOf } from "../config/model-headers.js";

/** Milliseconds that the callback of a session may take. */
const TIMEOUT_MS = 10_000;
/** Concurrent callbacks: thousands of sessions may expire in the same second. */
const CONCURRENCY = 100;

/**
 * Calls the `on_close_route` of a session that has closed. Best effort: a failure is logged and has no other effect.
 *
 * @param modelServer only requests to it have its headers.
 */
export function callOnClose(log: Log, modelServer: Target | undefined) {
  const limit = pLimit(CONCURRENCY);
  return fromPromise<void, OnCloseCall>(({ input: { id, route, payload }, signal }) =>
    limit(async () => {
      signal.throwIfAborted();
      try {
        const { url, headers } = targetOf(route, modelServer);
        await withTimeLimit(TIMEOUT_MS, signal, async (limited) => {
          const response = await fetch(url, {
            method: "POST",
            headers: { ...headers, "content-type": "application/json" },
            body: JSON.stringify({ ...(payload as object | null), session_id: id }),
            // The host was checked; the target of a redirect was not.
            redirect: "manual",
            signal: limited,
          });
          await response.body?.cancel();
          if (!response.ok) throw new Error(`${route} answered ${response.status}`);
        });
      } catch (error) {
        if (!signal.aborted) log.warn({ session: id, err: error }, "on_close_route failed");
        throw error;
      }
    }),
  );
}
