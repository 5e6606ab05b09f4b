import type { Traffic } from "../../../machines/edge.js";
import type { TsworkerError } from "../../shared/errors.js";
import { openAiError } from "../../shared/openai-error.js";
import type { Responder, ResponseHead } from "./http-server.js";

/** Errors of a value, by field. */
export type FieldErrors = Readonly<Record<string, string>>;

/** Errors of an envelope, by field. */
export type EnvelopeErrors = Readonly<Record<string, string | FieldErrors>>;

/** An answer of the worker itself, not of the model or of user code. */
export interface WorkerAnswer {
  readonly status: number;
  readonly body: unknown;
  /** Stable, for programs: in the body of an answer in the shape of OpenAI's API. */
  readonly code?: string;
  /** Seconds after which the client may try again. */
  readonly retryAfter?: number;
  readonly allow?: string;
  readonly upgrade?: string;
  /** Content codings that are accepted in requests. */
  readonly acceptEncoding?: string;
  /** The connection is closed. */
  readonly close?: boolean;
  /** It is sent before the end of the request's body, of which no more is read. */
  readonly dropsRest?: boolean;
}

type ClosedTraffic = Extract<Traffic, { readonly open: false }>;

/** Seconds after which a client may try a worker again that is not ready. */
const NOT_READY_RETRY = 10;

const error = (
  status: number,
  message: string,
  rest: Omit<WorkerAnswer, "status" | "body"> = {},
): WorkerAnswer => ({
  status,
  body: { error: message },
  ...rest,
});

/** All answers of the worker itself, with their status codes. */
export const answers = {
  invalidJson: (): WorkerAnswer => error(422, "invalid JSON"),
  invalidMsgpack: (): WorkerAnswer => error(422, "invalid msgpack"),
  invalidFields: (errors: EnvelopeErrors): WorkerAnswer => ({ status: 422, body: errors }),
  unsigned: (): WorkerAnswer => error(401, "the signature does not match the url in auth_data"),
  foreignUrl: (): WorkerAnswer => error(401, "the url in auth_data is not this worker's"),
  replayed: (): WorkerAnswer => error(409, "a request with this reqnum and request_idx was served already"),
  noKey: (): WorkerAnswer =>
    error(401, "the signature cannot be checked yet: the engine's public key is not there"),
  invalidSession: (): WorkerAnswer => error(410, "invalid session"),
  queueFull: (wait: number, limit: number): WorkerAnswer =>
    error(429, `the queue takes ${wait.toFixed(1)} s, the limit is ${limit} s`, {
      code: "queue_full",
      retryAfter: Math.max(1, Math.ceil(wait - limit)),
    }),
  bodyTooLarge: (limit: number): WorkerAnswer => error(413, `the body is larger than ${limit} bytes`),
  malformed: (expected: string): WorkerAnswer =>
    error(400, `malformed request: ${expected}`, { close: true }),
  tooManyHeaders: (limit: number): WorkerAnswer =>
    error(431, `the request has more than ${limit} headers`, { close: true }),
  unverifiedBodiesFull: (): WorkerAnswer =>
    error(503, "too many bodies are coming of which auth_data is not there yet: send auth_data first", {
      retryAfter: 1,
    }),
  openBodiesFull: (): WorkerAnswer =>
    error(503, "too many bodies are coming at once: send it again later", { retryAfter: 1 }),
  unverifiedSocketsFull: (): WorkerAnswer =>
    error(
      503,
      "too many WebSockets wait for their envelope: send it at once, or as the query parameter envelope",
      {
        retryAfter: 1,
      },
    ),
  fragmentedBody: (): WorkerAnswer =>
    error(400, "expected fewer and larger chunks, or auth_data before the payload"),
  codedBody: (): WorkerAnswer =>
    error(415, "expected a body without Content-Encoding: compressed bodies are not decoded", {
      acceptEncoding: "identity",
    }),
  bodyTooSlow: (): WorkerAnswer =>
    error(408, "the body did not arrive: nothing came for too long", { close: true }),
  queryTooLong: (limit: number): WorkerAnswer =>
    error(414, `the query for the model is longer than ${limit} bytes`),
  envelopeTooSlow: (seconds: number): WorkerAnswer =>
    error(408, `the envelope did not arrive within ${seconds} s`),
  tooFast: (limit: number): WorkerAnswer =>
    error(413, `more than ${limit} bytes are waiting for the model, which reads more slowly`),
  notReady: ({ reason, waitsFor }: ClosedTraffic): WorkerAnswer =>
    error(503, `the worker is ${reason}${waitsFor === undefined ? "" : `: it waits for ${waitsFor}`}`, {
      retryAfter: NOT_READY_RETRY,
      // The worker is about to end: the client should use another connection for its next request.
      close: reason === "draining",
    }),
  queueLost: (): WorkerAnswer => error(503, "the queue was lost", { retryAfter: 1 }),
  stopped: (): WorkerAnswer =>
    error(503, "the worker stopped before the request was done", { retryAfter: NOT_READY_RETRY }),
  modelFailed: ({ code, message }: TsworkerError): WorkerAnswer =>
    error(code === "MODEL_TIMEOUT" ? 504 : 502, message),
  userCodeThrew: (): WorkerAnswer => error(500, "the worker's own code failed"),
  workerFailed: (): WorkerAnswer => error(500, "the worker failed to handle the request"),
  notFound: (): WorkerAnswer => error(404, "no such route"),
  /** @param allow methods, separated by commas. */
  wrongMethod: (allow: string): WorkerAnswer =>
    error(405, `this route takes ${allow.replace(", HEAD", "")}`, { allow }),
  upgradeRequired: (): WorkerAnswer =>
    error(426, "this route takes WebSocket connections", { upgrade: "websocket" }),
  timedOut: (message: string): WorkerAnswer => error(504, message),
  tooManySessions: (limit: number): WorkerAnswer =>
    error(429, `${limit} sessions are open, which is the limit`, { retryAfter: 1 }),
  missingSessionId: (): WorkerAnswer => error(422, "missing session_id"),
  unknownSession: (): WorkerAnswer => error(400, "session does not exist"),
  noSessionToEnd: (id: string): WorkerAnswer => error(400, `session with id ${id} not found`),
  notTheOwner: (): WorkerAnswer => error(401, "session_auth is not valid"),
  sessionAlreadyClosed: (): WorkerAnswer => error(410, "session already closed"),
  missingKey: (): WorkerAnswer =>
    error(401, "expected the header Authorization: Bearer with an API key", { code: "missing_api_key" }),
  unknownKey: (): WorkerAnswer => error(401, "the API key is not valid", { code: "invalid_api_key" }),
  foreignHost: (): WorkerAnswer =>
    error(403, "expected the Host of a loopback address: access is open on this machine only", {
      code: "foreign_host",
    }),
  foreignPage: (): WorkerAnswer =>
    error(403, "pages of this origin may not call this worker: its option cors names those that may", {
      code: "foreign_origin",
    }),
  tooManyAtOnce: (most: number): WorkerAnswer =>
    error(429, `${most} requests of this API key are waiting or running, which is its limit`, {
      code: "concurrency_limit_exceeded",
      retryAfter: 1,
    }),
  rateLimited: (what: string, perMinute: number, retryAfter: number): WorkerAnswer =>
    error(429, `this API key has used its limit of ${perMinute} ${what} per minute`, {
      code: "rate_limit_exceeded",
      retryAfter,
    }),
  tooHeavy: (needed: number, perMinute: number): WorkerAnswer =>
    error(429, `the request needs ${needed} units of workload, this API key has ${perMinute} per minute`, {
      code: "request_too_large",
    }),
  deadlineExceeded: (ms: number): WorkerAnswer =>
    error(504, `the request was still waiting in its queue after ${ms} ms, its x-deadline-ms`, {
      code: "deadline_exceeded",
    }),
  invalidHeader: (name: string, expected: string): WorkerAnswer =>
    error(400, `the header ${name}: expected ${expected}`, { code: "invalid_header" }),
  invalidJsonObject: (): WorkerAnswer =>
    error(400, "expected a body that is an object in JSON", { code: "invalid_json" }),
  notJson: (): WorkerAnswer =>
    error(415, "expected a body in JSON: Content-Type: application/json", { code: "invalid_content_type" }),
  notAuthorized: (): WorkerAnswer =>
    error(401, "expected the header Authorization: Bearer with the worker's token"),
  created: (body: unknown): WorkerAnswer => ({ status: 201, body }),
  ok: (body: unknown): WorkerAnswer => ({ status: 200, body }),
  unavailable: (body: unknown): WorkerAnswer => ({ status: 503, body }),
} as const;

/** Head and body of an answer. */
export function contentOf({ status, body, retryAfter, allow, upgrade, acceptEncoding }: WorkerAnswer): {
  readonly head: ResponseHead;
  readonly text: string;
} {
  const headers = ["content-type", "application/json"];
  if (retryAfter !== undefined) headers.push("retry-after", String(retryAfter));
  if (allow !== undefined) headers.push("allow", allow);
  if (upgrade !== undefined) headers.push("upgrade", upgrade);
  if (acceptEncoding !== undefined) headers.push("accept-encoding", acceptEncoding);
  return { head: { status, headers, isAscii: true }, text: JSON.stringify(body) };
}

export function sendAnswer(responder: Responder, answer: WorkerAnswer): void {
  const { head, text } = contentOf(answer);
  if (answer.dropsRest === true) responder.refuse(head, text);
  else responder.answer(head, text, answer.close);
}

/** The same answer with its error in the shape of OpenAI's API. */
export const asOpenAiError = (answer: WorkerAnswer): WorkerAnswer => ({
  ...answer,
  body: openAiError(answer.status, messageOf(answer.body), answer.code),
});

/** The text of an error of the worker: of errors by field a line with all. */
function messageOf(body: unknown): string {
  const { error } = body as { readonly error?: unknown };
  if (typeof error === "string") return error;
  const fields = Object.entries(body as Readonly<Record<string, unknown>>).flatMap(([name, value]) =>
    typeof value === "string"
      ? [`${name}: ${value}`]
      : Object.entries(value ?? {}).map(([field, text]) => `${field}: ${text}`),
  );
  return fields.join("; ");
}
