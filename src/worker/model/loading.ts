import { access } from "node:fs/promises";
import { setTimeout as delay } from "node:timers/promises";
import { fromPromise } from "xstate";
import type { Readiness } from "../../../machines/model.js";
import { TsworkerError } from "../../shared/errors.js";
import type { Log } from "../../shared/log.js";
import { connectionError, placeOf, wordsOf } from "./probe.js";

/** What a model that loads is expected to do. */
export interface ExpectedModel {
  readonly readiness: Readiness;
  readonly logFile: string | undefined;
  /** Base URL of the model server. */
  readonly server: string | undefined;
}

/** Describes what a model without a health URL still lacks; undefined if nothing. */
export function describeMissing({ readiness, logFile, server }: ExpectedModel) {
  const url = server === undefined ? undefined : new URL(server);
  return fromPromise<string | undefined, { readonly isLoaded: boolean }>(async ({ input: { isLoaded } }) => {
    const seen: string[] = [];
    if (!isLoaded && readiness === "lifecycle") seen.push("lifecycle.start: still running");
    if (!isLoaded && readiness === "log" && logFile !== undefined) {
      const isThere = await access(logFile).then(
        () => true,
        () => false,
      );
      seen.push(`${logFile}: ${isThere ? "no line that says so yet" : "no such file"}`);
    }
    const error = url === undefined ? undefined : await connectionError(url);
    if (url !== undefined && error !== undefined) seen.push(`${placeOf(url)}: ${wordsOf(error)}`);
    return seen.length === 0 ? undefined : seen.join(", ");
  });
}

/** Milliseconds between two attempts: the first pause, and the longest. */
const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 5000;
/**
 * Waits until the model server accepts connections: some report that they have loaded before they listen.
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

/** Milliseconds between two checks. */
const CHECK_MS = 250;

/**
 * Resolves when a request to the model has succeeded, one that runs or a later one.
 *
 * @param successes number of those that have; it is polled, so that requests need not report.
 */
export function awaitSuccess(successes: () => number) {
  return fromPromise<void>(async ({ signal }) => {
    const before = successes();
    while (successes() === before) await delay(CHECK_MS, undefined, { signal });
  });
}
