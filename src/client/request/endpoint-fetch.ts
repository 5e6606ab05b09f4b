import { TsworkerError } from "../../shared/errors.js";
import type { Payload } from "../../shared/wire.js";
import { fieldsOf } from "./fields-of.js";
import { formPayload } from "./form-payload.js";
import { openaiCost } from "./openai-cost.js";
import { failure, passedOn, refusal } from "./openai-refusal.js";
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
 * A `fetch` whose requests are sent through the engine: the path is the route and the body the payload, JSON as it is and
 * a form as {@link formPayload} has it. Headers stay here, keys among them.
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
    const payload = await payloadOf(asked ? await bodyOf(asked) : init?.body);
    if (payload === undefined)
      return refusal(415, `expected a JSON object or a form as the body for ${route}`);
    try {
      const response = await request({
        route,
        payload,
        cost: cost(payload, route),
        signal,
        retry,
        timeoutMs,
      });
      return response.ok ? response : passedOn(response);
    } catch (error) {
      if (error instanceof TsworkerError) {
        return failure(error);
      }
      throw error;
    }
  };
}

const bodyOf = (request: Request): Promise<string | FormData> =>
  /^multipart\/form-data\b/i.test(request.headers.get("content-type") ?? "")
    ? request.formData()
    : request.text();

async function payloadOf(body: unknown): Promise<Payload | undefined> {
  if (body instanceof FormData) return formPayload(body);
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
