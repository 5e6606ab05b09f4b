import { errorMessage, TsworkerError } from "../../shared/errors.js";
import { urlAt } from "../../shared/url.js";
import type { AuthData } from "../../shared/wire.js";
import { TimeLimit } from "./abort.js";
import { brokenAnswer, isStream, isWholeJson, withBody } from "./answer-body.js";
import { excerpt, redirectTarget } from "./http-response.js";
import { isRetryable, retryAfterMs } from "./retry-policy.js";

interface SendInput {
  readonly fetch: typeof fetch;
  readonly path: string;
  /** As JSON, the same text for each try. */
  readonly payload: string;
  readonly authData: AuthData;
  readonly sessionId: string | null;
  /** Whether the body is passed on chunk by chunk, whatever its type. */
  readonly stream: boolean;
  /** The same, except for JSON of known length, of which a part is useless. */
  readonly streamsAny: boolean;
  readonly attemptTimeoutMs: number;
  readonly signal: AbortSignal;
}

/** Result of one try. */
export type SendResult =
  | { readonly kind: "whole"; readonly response: Response }
  /** Call `release` at the end of the body. */
  | { readonly kind: "stream"; readonly response: Response; readonly release: () => void }
  | {
      readonly kind: "failed";
      readonly failure: TsworkerError;
      /** The worker's refusal; undefined: no answer. */
      readonly response?: Response;
      readonly retryAfterMs?: number | undefined;
    };

/**
 * Sends a request to a worker, once. Refusals and answers that are no streams are read whole, so that the request can be
 * retried where they break off.
 *
 * @throws {TsworkerError} `WORKER_REFUSED` for a redirect.
 * @throws the signal's reason when it is aborted.
 */
export async function send(input: SendInput): Promise<SendResult> {
  const limit = new TimeLimit(input.attemptTimeoutMs, input.signal);
  let isStreaming = false;
  try {
    const sent = await attempt(input, limit);
    isStreaming = sent.kind === "stream";
    return sent;
  } finally {
    if (isStreaming) limit.lift();
    else limit.release();
  }
}

async function attempt(input: SendInput, limit: TimeLimit): Promise<SendResult> {
  const { attemptTimeoutMs, authData, fetch, path, payload, sessionId, signal, stream, streamsAny } = input;
  const { url } = authData;
  const target = urlAt(url, path);
  const head = `"auth_data":${JSON.stringify(authData)},"session_id":${JSON.stringify(sessionId)}`;
  const timedOut = (cause: unknown): TsworkerError =>
    new TsworkerError(
      "REQUEST_TIMEOUT",
      `the answer of the worker at ${target} was not there within ${attemptTimeoutMs / 1000} s: it may hang; for slow answers set a longer attemptTimeoutMs`,
      { cause },
    );
  let response: Response;
  try {
    response = await fetch(target, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: `{${head},"payload":${payload}}`,
      // A worker belongs to a third party, which must not choose the target of a request from this network.
      redirect: "manual",
      signal: limit.signal,
    });
  } catch (cause) {
    signal.throwIfAborted();
    if (limit.isExpired) return { kind: "failed", failure: timedOut(cause) };
    const message = `no answer from the worker at ${target}: ${errorMessage(cause)}; it may have died, or cannot be reached from here`;
    return { kind: "failed", failure: new TsworkerError("WORKER_UNREACHABLE", message, { cause }) };
  }
  const redirect = redirectTarget(response);
  if (redirect !== undefined) {
    await response.body?.cancel();
    throw new TsworkerError(
      "WORKER_REFUSED",
      `the worker at ${target} answered with a redirect to ${redirect}, which is not followed; check the route`,
    );
  }
  const isStreamed = stream || (streamsAny ? !isWholeJson(response) : isStream(response));
  if (response.ok && isStreamed) return { kind: "stream", response, release: () => limit.release() };
  let body: ArrayBuffer;
  try {
    body = await response.arrayBuffer();
  } catch (cause) {
    signal.throwIfAborted();
    return { kind: "failed", failure: limit.isExpired ? timedOut(cause) : brokenAnswer(url, cause) };
  }
  const whole = withBody(response, body);
  if (!isRetryable(whole.status)) return { kind: "whole", response: whole };
  const message = `the worker at ${url} answered ${whole.status}: ${excerpt(new TextDecoder().decode(body))}`;
  return {
    kind: "failed",
    failure: new TsworkerError("WORKER_REFUSED", message),
    response: whole,
    retryAfterMs: retryAfterMs(whole),
  };
}
