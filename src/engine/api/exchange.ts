import type { IncomingMessage, ServerResponse } from "node:http";
import type { z } from "zod";

/** A request to the engine, read whole. */
export interface EngineRequest {
  readonly authorization: string | undefined;
  readonly query: URLSearchParams;
  /** The number in the path, 0 where there is none. */
  readonly id: number;
  /** The parsed JSON; undefined for a GET, and where it may be empty. For a route that takes files: the bytes. */
  readonly body: unknown;
  readonly contentType: string;
  /** Base URL under which the client reached the engine. */
  readonly origin: string;
  /** Whether the head of the request admitted it. */
  readonly isAdmitted: boolean;
}

/** An answer: text and bytes are sent as they are, anything else as JSON. */
export interface EngineAnswer {
  readonly status: number;
  readonly body: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Longest message of a refusal, in UTF-16 units: written as JSON it has less than 8 KiB, whatever is in it. */
const MAX_MESSAGE = 1200;

/** An answer with an error message. */
export function refusal(status: number, message: string, headers?: EngineAnswer["headers"]): EngineAnswer {
  return { status, body: { error_msg: cut(message, MAX_MESSAGE) }, ...(headers && { headers }) };
}

/**
 * The form of error answers, as the clients of a call expect them: `error_msg` with a status of 400 and more; for the calls of
 * the account also `msg` and `error`; for the calls that inspect an endpoint or update its workers a status of 200 instead of
 * 400, because their clients take any other one for a crash.
 */
export type Refusals = "plain" | "account" | "inspection";

/** An answer of {@link refusal} in another form. */
export function inForm(answer: EngineAnswer, form: Refusals): EngineAnswer {
  const { status, body } = answer;
  if (
    form === "plain" ||
    status < 400 ||
    typeof body !== "object" ||
    body === null ||
    !("error_msg" in body)
  ) {
    return answer;
  }
  const message = String(body.error_msg);
  // It is written up to three times.
  const error =
    Buffer.byteLength(JSON.stringify(message)) < MAX_MESSAGE * 2 ? message : cut(message, MAX_MESSAGE / 3);
  if (form === "account") return { ...answer, body: { success: false, msg: error, error_msg: error, error } };
  return { ...answer, status: status <= 401 ? 200 : status, body: { error_msg: error, error } };
}

/** A text of at most `most` UTF-16 units. Where it is cut it is a copy: a slice would keep the whole text in memory. */
export const cut = (text: string, most: number): string =>
  text.length <= most ? text : Buffer.from(`${text.slice(0, most - 1)}…`, "utf16le").toString("utf16le");

/** Milliseconds for which the rest of a request is read and dropped after its answer was sent. */
const DROPPED_MS = 10_000;

/**
 * Sends an answer. If the request has not arrived in full, the rest is read and dropped for a while: a client that is cut off
 * while it writes never reads its answer.
 */
export function send(
  request: IncomingMessage,
  response: ServerResponse,
  { status, body, headers }: EngineAnswer,
): void {
  const isFile = body instanceof Uint8Array;
  const text = typeof body === "string" || isFile ? body : JSON.stringify(body);
  const ownType = isFile ? "application/gzip" : "application/x-pem-file";
  response.writeHead(status, {
    "content-type": text === body ? ownType : "application/json",
    "content-length": Buffer.byteLength(text),
    ...headers,
  });
  if (request.complete) {
    response.end(text);
    return;
  }
  response.write(text);
  const timer = setTimeout(() => request.socket.destroy(), DROPPED_MS);
  const finish = (): void => {
    clearTimeout(timer);
    response.end();
  };
  request.once("end", finish).once("close", finish);
  request.on("error", () => {}).resume();
}

/** Path and query of a request. */
export function target(request: IncomingMessage): { readonly path: string; readonly query: URLSearchParams } {
  const url = request.url ?? "/";
  const mark = url.indexOf("?");
  return mark === -1
    ? { path: url, query: new URLSearchParams() }
    : { path: url.slice(0, mark), query: new URLSearchParams(url.slice(mark + 1)) };
}

/** Validation errors in a message. */
export const MAX_ERRORS = 10;
/** Longest text of one, in UTF-16 units. */
const MAX_ERROR_LENGTH = 110;

/** The errors of an input, each with its field. */
export function validationErrors(error: z.ZodError): readonly string[] {
  return error.issues.map(({ path, message }) => `${path.join(".") || "body"}: ${message}`);
}

/** The first ten of them in one line. */
export function validationMessage(error: z.ZodError): string {
  const all = validationErrors(error);
  const first = all.slice(0, MAX_ERRORS).map((each) => cut(each, MAX_ERROR_LENGTH));
  return [...first, ...(all.length > MAX_ERRORS ? ["and more"] : [])].join("; ");
}
