import { TsworkerError } from "../errors.js";
import type { Payload } from "../wire.js";
import { fieldsOf } from "./fields-of.js";
import { openaiCost } from "./openai-cost.js";
import type { RetryOptions } from "./retry-policy.js";

/** Options of {@link Endpoint.fetchWith}. */
export interface FetchOptions {
  /**
   * Workload of a request, from its body and its route.
   * @default the body's `max_completion_tokens`, `max_tokens` or `max_output_tokens`; 100 where there is none
   */
  readonly cost?: ((payload: Payload, route: string) => number) | undefined;
  /** As for {@link Endpoint.request}. */
  readonly retry?: RetryOptions | false | undefined;
  /** As for {@link Endpoint.request}. */
  readonly timeoutMs?: number | undefined;
}

/** A request as it was made through `fetch`. */
export interface Fetched extends Omit<FetchOptions, "cost"> {
  readonly route: string;
  readonly payload: Payload;
  readonly cost: number;
  readonly signal: AbortSignal | undefined;
}

/**
 * A `fetch` whose requests are sent through the engine: the path is the route and the JSON body the payload. Headers
 * stay here, keys among them.
 *
 * What did not come to an answer is one too, with the error's message and code in a body as OpenAI has it. All that is
 * not ok says `x-should-retry: false`, because it was tried often enough: the `openai` package heeds that.
 */
export function endpointFetch(
  request: (fetched: Fetched) => Promise<Response>,
  { cost = openaiCost, retry, timeoutMs }: FetchOptions,
): typeof fetch {
  return async (input, init) => {
    const asked = input instanceof Request ? new Request(input, init) : undefined;
    const { pathname, search } = new URL(asked?.url ?? String(input));
    const route = pathname + search;
    const method = (asked?.method ?? init?.method ?? "GET").toUpperCase();
    if (method !== "POST") return refusal(405, `a worker's routes take POST, got ${method} for ${route}`);
    const signal = asked?.signal ?? init?.signal ?? undefined;
    const body = asked ? await asked.text() : init?.body;
    const payload = payloadOf(body);
    if (payload === undefined) {
      return refusal(
        415,
        `expected a JSON object as the body for ${route}: a worker takes files as base64 text in it`,
      );
    }
    try {
      const response = await request({
        route,
        payload,
        cost: cost(payload, route),
        signal,
        retry,
        timeoutMs,
      });
      return response.ok ? response : settled(response);
    } catch (error) {
      if (error instanceof TsworkerError) {
        return refusal(error.code === "ENGINE_REFUSED" ? 401 : 503, error.message, error.code);
      }
      throw error;
    }
  };
}

function payloadOf(body: unknown): Payload | undefined {
  if (typeof body !== "string") return undefined;
  try {
    const value: unknown = JSON.parse(body);
    return Array.isArray(value) || value === null || typeof value !== "object"
      ? undefined
      : { ...fieldsOf(value) };
  } catch {
    return undefined;
  }
}

function refusal(status: number, message: string, code: string | null = null): Response {
  const type = status < 500 ? "invalid_request_error" : "server_error";
  return settled(Response.json({ error: { message, type, param: null, code } }, { status }));
}

function settled(response: Response): Response {
  response.headers.set("x-should-retry", "false");
  return response;
}
