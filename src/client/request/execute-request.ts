import { TsworkerError } from "../../shared/errors.js";
import type { Semaphore } from "../../shared/semaphore.js";
import type { AuthData, Payload } from "../../shared/wire.js";
import { pause } from "./abort.js";
import { watchedBody, withBody } from "./answer-body.js";
import type { FinalStatus, Progress } from "./progress.js";
import { nextWait, type RetryPolicy } from "./retry-policy.js";
import { type SendResult, send } from "./send.js";

interface Execution {
  readonly concurrency: Semaphore;
  readonly progress: Progress;
  readonly fetch: typeof fetch;
  /** Names the worker. @param requestIdx 0, or the index under which the request was routed before. */
  readonly locate: (requestIdx: number) => Promise<AuthData>;
  readonly path: string;
  readonly payload: Payload;
  readonly sessionId: string | null;
  readonly stream: boolean;
  /** Whether bodies of other types are streamed too; all but JSON of known length. */
  readonly streamsAny: boolean;
  /** Undefined: no retries. */
  readonly retry: RetryPolicy | undefined;
  readonly attemptTimeoutMs: number;
  /** Whether the last refusal is an answer, and not an error. */
  readonly returnsRefusal: boolean;
}

export interface RequestResult {
  readonly response: Response;
  readonly authData: AuthData;
  readonly progress: Progress;
}

/**
 * Waits for a slot, sends the request and retries it. The slot is held until the answer is whole; for a stream until its
 * reader has reached the end, or has left.
 *
 * @throws the errors of `locate`; {@link TsworkerError} `WORKER_UNREACHABLE`, `ANSWER_BROKEN`, `RETRIES_EXHAUSTED`.
 * @throws TypeError for a payload without JSON text; the signal's reason when it is aborted.
 */
export async function executeRequest(execution: Execution): Promise<RequestResult> {
  const { concurrency, progress } = execution;
  const { signal } = progress;
  let release = (): void => {};
  let releaseTry = (): void => {};
  const onAbort = (): void => end("errored");
  const end = (status: FinalStatus): void => {
    signal.removeEventListener("abort", onAbort);
    release();
    releaseTry();
    if (status === "errored") progress.fail();
    else progress.end(status);
  };
  try {
    const payload = JSON.stringify(execution.payload);
    release = await concurrency.acquire(signal);
    const { authData, sent } = await sendWithRetries(execution, payload);
    progress.answered();
    const { response } = sent;
    if (sent.kind === "stream") releaseTry = sent.release;
    if (sent.kind === "stream" && response.body !== null) {
      // A stream that is not being read notices an abort by this listener only.
      signal.addEventListener("abort", onAbort, { once: true });
      const body = watchedBody(response.body, { url: authData.url, signal, onEnd: end });
      return { response: withBody(response, body), authData, progress };
    }
    end("complete");
    return { response, authData, progress };
  } catch (error) {
    end("errored");
    throw error;
  }
}

/** @param payload as JSON. */
async function sendWithRetries(execution: Execution, payload: string) {
  const { locate, progress, retry, returnsRefusal } = execution;
  const { signal } = progress;
  const { failures } = progress;
  let requestIdx = 0;
  for (;;) {
    progress.poll();
    let authData: AuthData;
    try {
      authData = await locate(requestIdx);
    } catch (error) {
      signal.throwIfAborted();
      if (failures.count === 0) throw error;
      failures.add(error);
      throw exhausted(execution);
    }
    signal.throwIfAborted();
    requestIdx = authData.request_idx;
    progress.sendTo(authData.url);
    const sent: SendResult = await send({ ...execution, payload, authData, signal });
    if (sent.kind !== "failed") return { authData, sent };
    failures.add(sent.failure);
    const waitMs =
      retry &&
      nextWait(retry, {
        count: failures.count,
        elapsedMs: progress.elapsedMs,
        retryAfterMs: sent.retryAfterMs,
      });
    if (waitMs === undefined) {
      const { response } = sent;
      if (returnsRefusal && response) return { authData, sent: { kind: "whole" as const, response } };
      if (retry === undefined) throw sent.failure;
      const isLate = failures.count < retry.attempts;
      throw exhausted(execution, isLate ? "; another try would have come too late" : "");
    }
    progress.retry();
    await pause(waitMs, signal);
  }
}

function exhausted({ path, progress }: Execution, why = ""): TsworkerError {
  const { failures } = progress;
  const seconds = (progress.elapsedMs / 1000).toFixed(1);
  const tries = failures.count === 1 ? "once" : `${failures.count} times`;
  return new TsworkerError(
    "RETRIES_EXHAUSTED",
    `${path} was tried ${tries} in ${seconds} s without an answer${why}:${failures.text}`,
    { cause: failures.cause },
  );
}
