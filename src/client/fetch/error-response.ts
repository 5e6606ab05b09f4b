import type { TsworkerError, TsworkerErrorCode } from "../../shared/errors.js";
import { withBody } from "../request/answer-body.js";
import { excerpt, fieldsOf, parsedJson } from "../request/http-response.js";

/** Statuses of errors other than 503. */
const STATUSES: Readonly<Partial<Record<TsworkerErrorCode, number>>> = {
  CONFIG_INVALID: 400,
  ENGINE_REFUSED: 401,
  WORKER_REFUSED: 502,
  REQUEST_TIMEOUT: 504,
};

/** The response to a request that was not sent, in OpenAI's format. */
export const errorResponse = (status: number, message: string): Response =>
  withoutRetry(Response.json({ error: errorOf(status, message) }, { status }));

/** The response to a request without an answer. */
export function failureResponse({ code, message }: TsworkerError): Response {
  const status = STATUSES[code] ?? 503;
  return withoutRetry(Response.json({ error: errorOf(status, message, code) }, { status }));
}

/**
 * A refusal of the worker or the model. Where its body has no `error` it gets one with the same text, because the `openai`
 * package shows only that.
 */
export async function refusalResponse(response: Response): Promise<Response> {
  const text = await response.text();
  const fields = fieldsOf(parsedJson(text));
  const isOther = Object.keys(fields).length > 0 && !Array.isArray(fields) && !("error" in fields);
  const error = errorOf(response.status, excerpt(text));
  const refusal = withBody(response, isOther ? JSON.stringify({ ...fields, error }) : text);
  refusal.headers.delete("content-length");
  return withoutRetry(refusal);
}

function errorOf(status: number, message: string, code: string | null = null) {
  const type = status < 500 ? "invalid_request_error" : "server_error";
  return { message, type, param: null, code };
}

function withoutRetry(response: Response): Response {
  response.headers.set("x-should-retry", "false");
  return response;
}
