import { TsworkerError } from "../../shared/errors.js";
import type { AuthData, Payload } from "../../shared/wire.js";
import { watchedBody, withBody } from "./answer-body.js";
import { pause } from "./pause.js";
import type { Places } from "./places.js";
import type { Progress } from "./progress.js";
import type { LastStatus } from "./request-status.js";
import { nextWait, type RetryPolicy } from "./retry-policy.js";
import { type Sent, send } from "./send.js";

export interface Performance {
  readonly places: Places;
  readonly progress: Progress;
  readonly fetch: typeof fetch;
  /** Names the worker. @param requestIdx 0, or the index under which the request was routed before. */
  readonly locate: (requestIdx: number) => Promise<AuthData>;
  readonly path: string;
  readonly payload: Payload;
  readonly sessionId: string | null;
  readonly stream: boolean;
  /** Whether other bodies are handed on as they come, too; all but JSON of known length. */
  readonly passes: boolean;
  /** Undefined: it is tried once. */
  readonly retry: RetryPolicy | undefined;
  /** Whether the last refusal is an answer like any other, and not an error. */
  readonly returnsRefusal: boolean;
}

/** What a request came to. */
export interface Performed {
  readonly response: Response;
  readonly authData: AuthData;
  /** Seconds. */
  readonly latency: number;
}

/**
 * Takes a request from its place in the line to its answer. The place is kept until the answer is whole, which for a
 * stream is when its reader has come to the end, or has left.
 *
 * @throws what `locate` throws; {@link TsworkerError} `WORKER_UNREACHABLE`, `ANSWER_BROKEN`, `RETRIES_EXHAUSTED`.
 * @throws TypeError for a payload that JSON cannot hold; the signal's reason when it is aborted.
 */
export async function perform(performance: Performance): Promise<Performed> {
  const { places, progress } = performance;
  const { signal } = progress;
  let giveBack = (): void => {};
  const onAbort = (): void => end("errored");
  const end = (status: LastStatus): void => {
    signal.removeEventListener("abort", onAbort);
    giveBack();
    if (status === "errored") progress.fail();
    else progress.end(status);
  };
  try {
    const payload = JSON.stringify(performance.payload);
    giveBack = await places.take(signal);
    const { authData, sent } = await tried(performance, payload);
    const latency = progress.elapsedMs / 1000;
    const { response } = sent;
    if (sent.kind === "stream" && response.body !== null) {
      // A stream that nobody reads any more hears of an abort by this only.
      signal.addEventListener("abort", onAbort, { once: true });
      const body = watchedBody(response.body, { url: authData.url, signal, onEnd: end });
      return { response: withBody(response, body), authData, latency };
    }
    end("complete");
    return { response, authData, latency };
  } catch (error) {
    end("errored");
    throw error;
  }
}

/** Sends it until there is an answer that is worth handing on. @param payload as JSON. */
async function tried(performance: Performance, payload: string) {
  const { locate, progress, retry, returnsRefusal } = performance;
  const { signal } = progress;
  const failures: unknown[] = [];
  let requestIdx = 0;
  for (;;) {
    progress.enter("polling");
    let authData: AuthData;
    try {
      authData = await locate(requestIdx);
    } catch (error) {
      signal.throwIfAborted();
      if (failures.length === 0) throw error;
      throw exhausted([...failures, error], performance);
    }
    signal.throwIfAborted();
    requestIdx = authData.request_idx;
    progress.enter("in progress");
    const sent: Sent = await send({ ...performance, payload, authData, signal });
    if (sent.kind !== "failed") return { authData, sent };
    failures.push(sent.failure);
    const waitMs =
      retry &&
      nextWait(retry, {
        count: failures.length,
        elapsedMs: progress.elapsedMs,
        retryAfterMs: sent.retryAfterMs,
      });
    if (waitMs === undefined) {
      const { response } = sent;
      if (returnsRefusal && response) return { authData, sent: { kind: "whole" as const, response } };
      if (retry === undefined) throw sent.failure;
      const isLate = failures.length < retry.attempts;
      throw exhausted(failures, performance, isLate ? "; another try would have come too late" : "");
    }
    progress.enter("retrying");
    await pause(waitMs, signal);
  }
}

function exhausted(failures: readonly unknown[], { path, progress }: Performance, why = ""): TsworkerError {
  const seconds = (progress.elapsedMs / 1000).toFixed(1);
  const history = failures.map((failure, index) => `\n  ${index + 1}. ${messageOf(failure)}`).join("");
  return new TsworkerError(
    "RETRIES_EXHAUSTED",
    `${path} was tried ${failures.length === 1 ? "once" : `${failures.length} times`} in ${seconds} s without an answer${why}:${history}`,
    { cause: new AggregateError(failures, "the tries that failed, in order") },
  );
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
