import { TsworkerError } from "../../shared/errors.js";
import { reasonOf } from "../../shared/reason-of.js";
import type { AuthData } from "../../shared/wire.js";
import { brokenAnswer, isStream, isWholeJson, withBody } from "./answer-body.js";
import { isPassing } from "./is-passing.js";
import { quoted } from "./quoted.js";
import { redirectOf } from "./redirect-of.js";
import { retryAfterMs } from "./retry-after.js";
import { urlAt } from "./url-at.js";

export interface Sending {
  readonly fetch: typeof fetch;
  readonly path: string;
  /** As JSON: the same text with each try. */
  readonly payload: string;
  readonly authData: AuthData;
  readonly sessionId: string | null;
  /** Whether the body is handed on as it comes, whatever its type. */
  readonly stream: boolean;
  /** Whether it is, too, unless it is JSON of known length, of which no part is of use. */
  readonly passes: boolean;
  readonly signal: AbortSignal;
}

/** What came of sending a request once. */
export type Sent =
  | { readonly kind: "whole" | "stream"; readonly response: Response }
  | {
      readonly kind: "failed";
      readonly failure: TsworkerError;
      /** The worker's refusal, whole; undefined where there was no answer. */
      readonly response?: Response;
      readonly retryAfterMs?: number | undefined;
    };

/**
 * Sends a request to a worker, once. An answer that is no stream, or a refusal, is read whole here, so that one that
 * breaks off can be asked for again.
 *
 * @throws {TsworkerError} `WORKER_REFUSED` for a redirect.
 * @throws the signal's reason when it is aborted.
 */
export async function send(sending: Sending): Promise<Sent> {
  const { authData, fetch, passes, path, payload, sessionId, signal, stream } = sending;
  const { url } = authData;
  const target = urlAt(url, path);
  const about = `"auth_data":${JSON.stringify(authData)},"session_id":${JSON.stringify(sessionId)}`;
  let response: Response;
  try {
    response = await fetch(target, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: `{${about},"payload":${payload}}`,
      // A worker is somebody else's machine: it is not to choose whom this one asks, maybe behind its firewall.
      redirect: "manual",
      signal,
    });
  } catch (cause) {
    signal.throwIfAborted();
    const message = `no answer from the worker at ${target}: ${reasonOf(cause)}; it may have died, or cannot be reached from here`;
    return { kind: "failed", failure: new TsworkerError("WORKER_UNREACHABLE", message, { cause }) };
  }
  const elsewhere = redirectOf(response);
  if (elsewhere !== undefined) {
    await response.body?.cancel();
    throw new TsworkerError(
      "WORKER_REFUSED",
      `the worker at ${target} answered with a redirect to ${elsewhere}, which is not followed; check the route`,
    );
  }
  const isHandedOn = stream || (passes ? !isWholeJson(response) : isStream(response));
  if (response.ok && isHandedOn) return { kind: "stream", response };
  let body: ArrayBuffer;
  try {
    body = await response.arrayBuffer();
  } catch (cause) {
    signal.throwIfAborted();
    return { kind: "failed", failure: brokenAnswer(url, cause) };
  }
  const whole = withBody(response, body);
  if (!isPassing(whole.status)) return { kind: "whole", response: whole };
  const message = `the worker at ${url} answered ${whole.status}: ${quoted(new TextDecoder().decode(body))}`;
  return {
    kind: "failed",
    failure: new TsworkerError("WORKER_REFUSED", message),
    response: whole,
    retryAfterMs: retryAfterMs(whole),
  };
}
