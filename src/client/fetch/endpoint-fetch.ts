import { TsworkerError } from "../../shared/errors.js";
import type { Payload } from "../../shared/wire.js";
import type { RetryOptions } from "../request/retry-policy.js";
import { errorResponse, failureResponse, refusalResponse } from "./error-response.js";
import { fetchPayload, requestBody } from "./fetch-payload.js";

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
  /** As for {@link Endpoint.request}. */
  readonly attemptTimeoutMs?: number | undefined;
}

interface FetchedRequest extends Omit<FetchOptions, "cost"> {
  readonly route: string;
  readonly payload: Payload;
  readonly cost: number;
  readonly signal: AbortSignal | undefined;
}

/**
 * A `fetch` that sends requests through the engine. The path is the route, and the body the payload: see
 * {@link fetchPayload}. Headers, keys among them, are not sent.
 *
 * A request without an answer results in a response too, with the error's message and code in OpenAI's format. Responses
 * that are not ok have `x-should-retry: false`, which the `openai` package obeys: the client has retried already.
 */
export function endpointFetch(
  request: (fetched: FetchedRequest) => Promise<Response>,
  { cost = openaiCost, ...options }: FetchOptions,
): typeof fetch {
  return async (input, init) => {
    const given = input instanceof Request ? new Request(input, init) : undefined;
    const { pathname, search } = new URL(given?.url ?? String(input));
    const route = pathname + search;
    const method = (given?.method ?? init?.method ?? "GET").toUpperCase();
    if (method !== "POST")
      return errorResponse(405, `a worker's routes take POST, got ${method} for ${route}`);
    const signal = given?.signal ?? init?.signal ?? undefined;
    const payload = await fetchPayload(given ? await requestBody(given) : init?.body);
    if (payload === undefined)
      return errorResponse(415, `expected a JSON object or a form as the body for ${route}`);
    try {
      const response = await request({
        route,
        payload,
        cost: cost(payload, route),
        signal,
        ...options,
      });
      return response.ok ? response : refusalResponse(response);
    } catch (error) {
      if (error instanceof TsworkerError) return failureResponse(error);
      throw error;
    }
  };
}

const DEFAULT_COST = 100;

/** Workload of an OpenAI request: the maximum number of tokens that it requests. */
function openaiCost({ max_completion_tokens, max_tokens, max_output_tokens }: Payload): number {
  const tokens = [max_completion_tokens, max_tokens, max_output_tokens].find(
    (each) => typeof each === "number" && Number.isFinite(each) && each >= 0,
  );
  return typeof tokens === "number" ? tokens : DEFAULT_COST;
}
