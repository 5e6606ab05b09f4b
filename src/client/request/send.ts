import { errorMessage, TsworkerError } from "../../shared/errors.js";
import { urlAt } from "../../shared/url.js";
import type { AuthData } from "../../shared/wire.js";
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
  readonly signal: AbortSignal;
}

/** Result of one try. */
export type SendResult =
  | { readonly kind: "whole" | "stream"; readonly response: Response }
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
  const { authData, fetch, path, payload, sessionId, signal, stream, streamsAny } = input;
  const { url } = authData;
  const target = urlAt(url, path);
  const head = `"auth_data":${JSON.stringify(authData)},"session_id":${JSON.stringify(sessionId)}`;
  let response: Response;
  try {
    response = await fetch(target, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: `{${head},"payload":${payload}}`,
      // A worker belongs to a third party, which must not choose the target of a request from this network.
      redirect: "manual",
      signal,
    });
  } catch (cause) {
    signal.throwIfAborted();
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
  if (response.ok && isStreamed) return { kind: "stream", response };
  let body: ArrayBuffer;
  try {
    body = await response.arrayBuffer();
  } catch (cause) {
    signal.throwIfAborted();
    return { kind: "failed", failure: brokenAnswer(url, cause) };
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
