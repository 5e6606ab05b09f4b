import { TsworkerError } from "../../shared/errors.js";
import { reasonOf } from "../../shared/reason-of.js";
import { fieldsOf } from "./fields-of.js";
import { isPassing } from "./is-passing.js";
import { Limit } from "./limit.js";
import { quoted } from "./quoted.js";
import { redirectOf } from "./redirect-of.js";
import { retryAfterMs } from "./retry-after.js";
import { withoutKey } from "./without-key.js";

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
 * @throws {TsworkerError} `ENGINE_REFUSED` for a status that will not change, `ENGINE_INVALID` for what is not JSON, and
 * for a redirect: the key is shown to nobody but whom the caller has named.
 * @throws the signal's reason when it is aborted.
 */
export async function askJson(asking: Asking): Promise<Asked> {
  const { apiKey, body, signal, url, whom, withinMs } = asking;
  const limit = new Limit(withinMs, signal);
  let response: Response;
  let text: string;
  try {
    response = await asking.fetch(url, {
      headers: { authorization: `Bearer ${apiKey}`, ...(body !== undefined && JSON_CONTENT) },
      redirect: "manual",
      signal: limit.signal,
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
    limit.release();
  }
  const { status } = response;
  // What is quoted in an error may repeat the key.
  const said = (): string => quoted(withoutKey(text, apiKey));
  const elsewhere = redirectOf(response);
  if (elsewhere !== undefined) {
    throw new TsworkerError(
      "ENGINE_INVALID",
      `${whom} at ${url} answered with a redirect to ${elsewhere}, which is not followed, so that the key is shown to nobody else; name the URL that is meant`,
    );
  }
  if (isPassing(status)) {
    const message = `${whom} at ${url} answered ${status}: ${said()}`;
    return {
      failure: new TsworkerError("ENGINE_UNREACHABLE", message),
      retryAfterMs: retryAfterMs(response),
    };
  }
  const json = parsed(text);
  if (json === undefined) {
    throw new TsworkerError(
      "ENGINE_INVALID",
      `expected JSON from ${whom} at ${url}, got ${status} with ${said()}; check that this is its URL`,
    );
  }
  const { error_msg: told } = fieldsOf(json);
  if (!response.ok || (typeof told === "string" && told !== "")) {
    const message = typeof told === "string" ? withoutKey(told, apiKey) : said();
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
