import type { TsworkerError, TsworkerErrorCode } from "../../shared/errors.js";
import { withBody } from "./answer-body.js";
import { fieldsOf } from "./fields-of.js";
import { quoted } from "./quoted.js";

/** Statuses of errors that are not the service's being unavailable. */
const STATUSES: Readonly<Partial<Record<TsworkerErrorCode, number>>> = {
  CONFIG_INVALID: 400,
  ENGINE_REFUSED: 401,
  WORKER_REFUSED: 502,
  REQUEST_TIMEOUT: 504,
};

/** A refusal in OpenAI's words, of a request that was not sent. */
export const refusal = (status: number, message: string): Response =>
  settled(Response.json({ error: errorOf(status, message) }, { status }));

/** A request that did not come to an answer, as an answer. */
export function failure({ code, message }: TsworkerError): Response {
  const status = STATUSES[code] ?? 503;
  return settled(Response.json({ error: errorOf(status, message, code) }, { status }));
}

/**
 * A worker's or a model's own refusal. Where it is in other words than OpenAI's it has them besides: the `openai` package
 * shows nothing else of it.
 */
export async function passedOn(response: Response): Promise<Response> {
  const text = await response.text();
  const fields = fieldsOf(parsed(text));
  const isOther = Object.keys(fields).length > 0 && !Array.isArray(fields) && !("error" in fields);
  const error = errorOf(response.status, quoted(text));
  const passed = withBody(response, isOther ? JSON.stringify({ ...fields, error }) : text);
  passed.headers.delete("content-length");
  return settled(passed);
}

function errorOf(status: number, message: string, code: string | null = null) {
  const type = status < 500 ? "invalid_request_error" : "server_error";
  return { message, type, param: null, code };
}

/** Says that it was tried often enough. */
function settled(response: Response): Response {
  response.headers.set("x-should-retry", "false");
  return response;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
