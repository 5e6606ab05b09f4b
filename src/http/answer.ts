import { STATUS_CODES } from "node:http";
import type { ClosedReason } from "../../machines/events.js";
import type { TsworkerError } from "../errors.js";
import type { Faults } from "./envelope.js";

/** An answer that the worker gives itself. */
export interface Answer {
  readonly status: number;
  readonly body: unknown;
  /** Seconds after which the client may try again. */
  readonly retryAfter?: number;
  readonly allow?: string;
  /** The connection is of no further use. */
  readonly close?: boolean;
}

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
  faults: (faults: Faults): Answer => ({ status: 422, body: faults }),
  unsigned: (): Answer => error(401, "the signature does not match the url in auth_data"),
  noKey: (): Answer =>
    error(401, "the signature cannot be checked yet: the engine's public key is not there"),
  invalidSession: (): Answer => error(410, "invalid session"),
  queueFull: (wait: number, limit: number): Answer =>
    error(429, `the queue takes ${wait.toFixed(1)} s, the limit is ${limit} s`, {
      retryAfter: Math.max(1, Math.ceil(wait - limit)),
    }),
  bodyTooLarge: (limit: number): Answer => error(413, `the body is larger than ${limit} bytes`),
  bodyTooSlow: (): Answer =>
    error(408, "the body did not arrive: nothing came for too long", { close: true }),
  notReady: (reason: ClosedReason): Answer =>
    error(503, `the worker is ${reason}`, { retryAfter: NOT_READY_RETRY }),
  queueLost: (): Answer => error(503, "the queue was lost", { retryAfter: 1 }),
  stopped: (): Answer =>
    error(503, "the worker stopped before the request was done", { retryAfter: NOT_READY_RETRY }),
  modelFailed: ({ code, message }: TsworkerError): Answer =>
    error(code === "MODEL_TIMEOUT" ? 504 : 502, message),
  userCodeThrew: (): Answer => error(500, "the worker's own code failed"),
  workerFailed: (): Answer => error(500, "the worker failed to handle the request"),
  notFound: (): Answer => error(404, "no such route"),
  wrongMethod: (): Answer => error(405, "this route takes POST", { allow: "POST" }),
} as const;

const statusLines = new Map<number, string>();

/** `200 OK`; the text is kept, because every answer needs it. */
export function statusLine(status: number): string {
  let line = statusLines.get(status);
  if (line === undefined) {
    line = `${status} ${STATUS_CODES[status] ?? "Unknown"}`;
    statusLines.set(status, line);
  }
  return line;
}
