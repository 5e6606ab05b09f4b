import { errorMessage, TsworkerError } from "../../shared/errors.js";
import { TimeLimit } from "./abort.js";
import { excerpt, fieldsOf, parsedJson, redirectTarget, withoutKey } from "./http-response.js";
import { isRetryable, retryAfterMs } from "./retry-policy.js";

export interface JsonCall {
  readonly fetch: typeof fetch;
  /** Name of the server in error messages. */
  readonly server: string;
  readonly url: string;
  readonly apiKey: string;
  /** @default "POST" with a body, "GET" without */
  readonly method?: "GET" | "POST" | "PUT" | "DELETE" | undefined;
  readonly body?: unknown;
  /** Milliseconds for the whole answer. */
  readonly withinMs: number;
  readonly signal?: AbortSignal | undefined;
}

/** An answer, or a failure after which the same call may succeed. */
type JsonResult =
  | { readonly json: unknown }
  | { readonly failure: TsworkerError; readonly retryAfterMs?: number | undefined };

/**
 * Calls the engine, or the web service beside it, once.
 *
 * @throws {TsworkerError} `ENGINE_REFUSED` for a permanent refusal; `ENGINE_INVALID` for an answer that is not JSON, and
 * for a redirect: it is not followed, so that the key is sent to the given server only.
 * @throws the signal's reason when it is aborted.
 */
export async function callJson(call: JsonCall): Promise<JsonResult> {
  const { apiKey, body, server, signal, url, withinMs } = call;
  const { method = body === undefined ? "GET" : "POST" } = call;
  const limit = new TimeLimit(withinMs, signal);
  let response: Response;
  let text: string;
  try {
    response = await call.fetch(url, {
      method,
      headers: { authorization: `Bearer ${apiKey}`, ...(body !== undefined && JSON_CONTENT) },
      redirect: "manual",
      signal: limit.signal,
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    text = await response.text();
  } catch (cause) {
    signal?.throwIfAborted();
    const failure = new TsworkerError(
      "ENGINE_UNREACHABLE",
      `no answer from ${server} at ${url}: ${errorMessage(cause)}; check the URL, and that it runs`,
      { cause },
    );
    return { failure };
  } finally {
    limit.release();
  }
  const { status } = response;
  const quoted = (): string => excerpt(withoutKey(text, apiKey));
  const target = redirectTarget(response);
  if (target !== undefined) {
    throw new TsworkerError(
      "ENGINE_INVALID",
      `${server} at ${url} answered with a redirect to ${target}, which is not followed, so that no other server gets the key; name the URL that is meant`,
    );
  }
  if (isRetryable(status)) {
    const failure = new TsworkerError(
      "ENGINE_UNREACHABLE",
      `${server} at ${url} answered ${status}: ${quoted()}`,
    );
    return { failure, retryAfterMs: retryAfterMs(response) };
  }
  const json = parsedJson(text);
  if (json === undefined) {
    throw new TsworkerError(
      "ENGINE_INVALID",
      `expected JSON from ${server} at ${url}, got ${status} with ${quoted()}; check that this is its URL`,
    );
  }
  const { error_msg, msg, success } = fieldsOf(json);
  if (!response.ok || success === false || (typeof error_msg === "string" && error_msg !== "")) {
    // The web service has its own name for the message.
    const refusal = [error_msg, msg].find((each) => typeof each === "string" && each !== "");
    const message = typeof refusal === "string" ? withoutKey(refusal, apiKey) : quoted();
    throw new TsworkerError("ENGINE_REFUSED", `${server} at ${url} answered ${status}: ${message}`);
  }
  return { json };
}

const JSON_CONTENT = { "content-type": "application/json" };
