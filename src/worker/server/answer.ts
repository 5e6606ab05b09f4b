import type { Traffic } from "../../../machines/edge.js";
import type { TsworkerError } from "../../shared/errors.js";

/** What is wrong with the fields of a value. */
export type FieldFaults = Readonly<Record<string, string>>;

/** What is wrong with the fields of an envelope. */
export type Faults = Readonly<Record<string, string | FieldFaults>>;

/** An answer that the worker gives itself. */
export interface Answer {
  readonly status: number;
  readonly body: unknown;
  /** Seconds after which the client may try again. */
  readonly retryAfter?: number;
  readonly allow?: string;
  readonly upgrade?: string;
  /** Content codings that a request's body may have. */
  readonly acceptEncoding?: string;
  /** The connection is of no further use. */
  readonly close?: boolean;
  /** It is given in the middle of a body, of which no more is read. */
  readonly dropsRest?: boolean;
}

type ClosedTraffic = Extract<Traffic, { readonly open: false }>;

/** Seconds after which a worker that is not ready may be asked again. */
const NOT_READY_RETRY = 10;

const error = (status: number, message: string, rest: Omit<Answer, "status" | "body"> = {}): Answer => ({
  status,
  body: { error: message },
  ...rest,
});

/** Every answer that is not the model's: the one place that knows their status codes. */
export const answers = {
  invalidJson: (): Answer => error(422, "invalid JSON"),
  invalidMsgpack: (): Answer => error(422, "invalid msgpack"),
  faults: (faults: Faults): Answer => ({ status: 422, body: faults }),
  unsigned: (): Answer => error(401, "the signature does not match the url in auth_data"),
  foreignUrl: (): Answer => error(401, "the url in auth_data is not this worker's"),
  replayed: (): Answer => error(409, "a request with this reqnum and request_idx was served already"),
  noKey: (): Answer =>
    error(401, "the signature cannot be checked yet: the engine's public key is not there"),
  invalidSession: (): Answer => error(410, "invalid session"),
  queueFull: (wait: number, limit: number): Answer =>
    error(429, `the queue takes ${wait.toFixed(1)} s, the limit is ${limit} s`, {
      retryAfter: Math.max(1, Math.ceil(wait - limit)),
    }),
  bodyTooLarge: (limit: number): Answer => error(413, `the body is larger than ${limit} bytes`),
  malformed: (expected: string): Answer => error(400, `malformed request: ${expected}`, { close: true }),
  tooManyHeaders: (limit: number): Answer =>
    error(431, `the request has more than ${limit} headers`, { close: true }),
  crowded: (): Answer =>
    error(503, "too many bodies are coming of which auth_data is not there yet: send auth_data first", {
      retryAfter: 1,
    }),
  crowdedSockets: (): Answer =>
    error(
      503,
      "too many WebSockets wait for their envelope: send it at once, or as the query parameter envelope",
      {
        retryAfter: 1,
      },
    ),
  slivers: (): Answer => error(400, "expected fewer and larger chunks, or auth_data before the payload"),
  codedBody: (): Answer =>
    error(415, "expected a body without Content-Encoding: compressed bodies are not decoded", {
      acceptEncoding: "identity",
    }),
  bodyTooSlow: (): Answer =>
    error(408, "the body did not arrive: nothing came for too long", { close: true }),
  queryTooLong: (limit: number): Answer =>
    error(414, `the query for the model is longer than ${limit} bytes`),
  envelopeTooSlow: (seconds: number): Answer => error(408, `the envelope did not arrive within ${seconds} s`),
  tooFast: (limit: number): Answer =>
    error(413, `more than ${limit} bytes are waiting for the model, which reads more slowly`),
  notReady: ({ reason, waitsFor }: ClosedTraffic): Answer =>
    error(503, `the worker is ${reason}${waitsFor === undefined ? "" : `: it waits for ${waitsFor}`}`, {
      retryAfter: NOT_READY_RETRY,
      // The next request over this connection would meet its end.
      close: reason === "draining",
    }),
  queueLost: (): Answer => error(503, "the queue was lost", { retryAfter: 1 }),
  stopped: (): Answer =>
    error(503, "the worker stopped before the request was done", { retryAfter: NOT_READY_RETRY }),
  modelFailed: ({ code, message }: TsworkerError): Answer =>
    error(code === "MODEL_TIMEOUT" ? 504 : 502, message),
  userCodeThrew: (): Answer => error(500, "the worker's own code failed"),
  workerFailed: (): Answer => error(500, "the worker failed to handle the request"),
  notFound: (): Answer => error(404, "no such route"),
  wrongMethod: (allow: "POST" | "GET, HEAD"): Answer =>
    error(405, `this route takes ${allow.replace(", HEAD", "")}`, { allow }),
  upgradeRequired: (): Answer =>
    error(426, "this route takes WebSocket connections", { upgrade: "websocket" }),
  timedOut: (message: string): Answer => error(504, message),
  tooManySessions: (limit: number): Answer =>
    error(429, `${limit} sessions are open, which is the limit`, { retryAfter: 1 }),
  missingSessionId: (): Answer => error(422, "missing session_id"),
  unknownSession: (): Answer => error(400, "session does not exist"),
  noSessionToEnd: (id: string): Answer => error(400, `session with id ${id} not found`),
  notTheOwner: (): Answer => error(401, "session_auth is not valid"),
  sessionAlreadyClosed: (): Answer => error(410, "session already closed"),
  notAuthorized: (): Answer =>
    error(401, "expected the header Authorization: Bearer with the worker's token"),
  created: (body: unknown): Answer => ({ status: 201, body }),
  ok: (body: unknown): Answer => ({ status: 200, body }),
  unavailable: (body: unknown): Answer => ({ status: 503, body }),
} as const;
