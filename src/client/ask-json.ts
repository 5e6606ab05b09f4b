import { TsworkerError } from "../errors.js";
import { fieldsOf } from "./fields-of.js";
import { isPassing } from "./is-passing.js";
import { quoted } from "./quoted.js";
import { retryAfterMs } from "./retry-after.js";

export interface Asking {
  readonly fetch: typeof fetch;
  /** Whom, as an error names it. */
  readonly whom: string;
  readonly url: string;
  readonly apiKey: string;
  /** Undefined: it is a GET. */
  readonly body?: unknown;
  /** Milliseconds for the whole answer. */
  readonly withinMs: number;
  readonly signal?: AbortSignal | undefined;
}

/** What was answered; or what failed, but may succeed when it is asked again. */
export type Asked =
  | { readonly json: unknown }
  | { readonly failure: TsworkerError; readonly retryAfterMs?: number | undefined };

/**
 * Asks the engine, or the web service beside it, something in JSON.
 *
 * @throws {TsworkerError} `ENGINE_REFUSED` for a status that will not change, `ENGINE_INVALID` for what is not JSON.
 * @throws the signal's reason when it is aborted.
 */
export async function askJson(asking: Asking): Promise<Asked> {
  const { apiKey, body, signal, url, whom, withinMs } = asking;
  // `AbortSignal.timeout` would keep the request in memory until its time is over, however soon it is answered.
  const limit = new AbortController();
  const timer = setTimeout(
    () => limit.abort(new DOMException(`no answer within ${withinMs} ms`, "TimeoutError")),
    withinMs,
  );
  let response: Response;
  let text: string;
  try {
    response = await asking.fetch(url, {
      headers: { authorization: `Bearer ${apiKey}`, ...(body !== undefined && JSON_CONTENT) },
      signal: signal ? AbortSignal.any([signal, limit.signal]) : limit.signal,
      ...(body !== undefined && { method: "POST", body: JSON.stringify(body) }),
    });
    text = await response.text();
  } catch (cause) {
    signal?.throwIfAborted();
    const failure = new TsworkerError(
      "ENGINE_UNREACHABLE",
      `no answer from ${whom} at ${url}: ${reasonOf(cause)}; check the URL, and that it runs`,
      { cause },
    );
    return { failure };
  } finally {
    clearTimeout(timer);
  }
  const { status } = response;
  if (isPassing(status)) {
    const message = `${whom} at ${url} answered ${status}: ${quoted(text)}`;
    return {
      failure: new TsworkerError("ENGINE_UNREACHABLE", message),
      retryAfterMs: retryAfterMs(response),
    };
  }
  const json = parsed(text);
  if (json === undefined) {
    throw new TsworkerError(
      "ENGINE_INVALID",
      `expected JSON from ${whom} at ${url}, got ${status} with ${quoted(text)}; check that this is its URL`,
    );
  }
  const { error_msg: told } = fieldsOf(json);
  if (!response.ok || (typeof told === "string" && told !== "")) {
    const message = typeof told === "string" ? told : quoted(text);
    throw new TsworkerError("ENGINE_REFUSED", `${whom} at ${url} answered ${status}: ${message}`);
  }
  return { json };
}

const JSON_CONTENT = { "content-type": "application/json" };

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

/** What fetch says, which often hides the reason behind a "fetch failed". */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error && error.cause.message !== "" ? error.cause.message : error.message;
}
