import type { AnswerHead } from "../worker/model/answer-head.js";
import { errorAnswer, type GatewayAnswer } from "./gateway-answers.js";

/** Codes of a worker's own errors, by status. */
const CODES: Readonly<Record<number, string>> = {
  404: "unknown_route",
  413: "request_too_large",
  422: "invalid_request",
  429: "queue_full",
  502: "model_unreachable",
  503: "worker_not_ready",
  504: "model_timeout",
};

/** Statuses of a worker's own errors that concern the gateway's signed request, and not the client's. */
const OF_THE_ENVELOPE: ReadonlySet<number> = new Set([401, 409, 410]);

const BAD_GATEWAY = 502;

/** A worker's refusal: what it means to the client, and whether another worker may take the request. */
export interface Refusal {
  /** Undefined: it is the model's own, and is passed on as it is. */
  readonly answer: GatewayAnswer | undefined;
  readonly isRetryable: boolean;
}

/**
 * Interprets an answer with an error's status. A worker's own errors have a form that OpenAI's clients do not read
 * (`{"error": "…"}`, fields of an envelope, or no body at all).
 */
export function refusalOf(head: AnswerHead, body: Buffer): Refusal {
  const { status } = head;
  const message = ownMessage(head, body);
  const isDown = status === BAD_GATEWAY || status === 503;
  if (message === undefined) return { answer: undefined, isRetryable: isDown };
  const isEnvelopes = OF_THE_ENVELOPE.has(status);
  const retryAfter = Number(headerOf(head, "retry-after"));
  return {
    answer: errorAnswer(
      isEnvelopes ? BAD_GATEWAY : status,
      isEnvelopes ? "worker_refused" : (CODES[status] ?? null),
      message === "" ? `the worker answered ${status}` : message,
      Number.isInteger(retryAfter) && retryAfter > 0 ? { retryAfter } : {},
    ),
    isRetryable: isDown || isEnvelopes || status === 429 || status === 408,
  };
}

/** The message of a worker's own error; undefined: the answer is the model's. */
function ownMessage({ status, contentType }: AnswerHead, body: Buffer): string | undefined {
  if (body.length === 0) return "";
  if (!contentType.includes("json")) return undefined;
  let value: unknown;
  try {
    value = JSON.parse(body.toString());
  } catch {
    return undefined;
  }
  if (typeof value !== "object" || value === null) return undefined;
  const entries = Object.entries(value);
  const [first] = entries;
  // A model's error has further fields, or an object as its `error`.
  if (entries.length === 1 && first?.[0] === "error" && typeof first[1] === "string") return first[1];
  return status === 422 && entries.length > 0 && entries.every(isOfEnvelope)
    ? fieldsText(entries)
    : undefined;
}

const ENVELOPE_FIELDS: ReadonlySet<string> = new Set(["auth_data", "payload", "session_id"]);

const isOfEnvelope = ([field]: readonly [string, unknown]): boolean => ENVELOPE_FIELDS.has(field);

/** The errors of an envelope's fields in one line; those of the payload are the client's. */
function fieldsText(entries: readonly (readonly [string, unknown])[]): string {
  return entries
    .flatMap(([field, errors]) => {
      if (typeof errors !== "object" || errors === null) return [`${field}: ${String(errors)}`];
      const prefix = field === "payload" ? "" : `${field}.`;
      return Object.entries(errors).map(([name, error]) => `${prefix}${name}: ${String(error)}`);
    })
    .join("; ");
}

function headerOf({ headers }: AnswerHead, name: string): string {
  for (let index = 0; index + 1 < headers.length; index += 2)
    if (headers[index]?.toLowerCase() === name) return headers[index + 1] ?? "";
  return "";
}
