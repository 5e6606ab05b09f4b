import type { IncomingMessage, ServerResponse } from "node:http";

/** A request to the engine, read whole. */
export interface EngineRequest {
  readonly authorization: string | undefined;
  readonly query: URLSearchParams;
  /** The number in the path, 0 where there is none. */
  readonly id: number;
  /** The parsed JSON; undefined for a GET, and where a DELETE has none. */
  readonly body: unknown;
  /** Whether the head of the request has shown that its sender may make this call. */
  readonly isKnown: boolean;
}

/** What the engine answers: text as it is, anything else as JSON. */
export interface EngineAnswer {
  readonly status: number;
  readonly body: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Longest message of a refusal, in UTF-16 units: written as JSON it has less than 8 KiB, whatever is in it. */
const MOST_MESSAGE = 1200;

/** The engine's way to say no. */
export function refusal(status: number, message: string, headers?: EngineAnswer["headers"]): EngineAnswer {
  return { status, body: { error_msg: cut(message, MOST_MESSAGE) }, ...(headers && { headers }) };
}

/** A text of at most `most` UTF-16 units. Where it is cut it is a copy: a slice would keep the whole text in memory. */
export const cut = (text: string, most: number): string =>
  text.length <= most ? text : Buffer.from(`${text.slice(0, most - 1)}…`, "utf16le").toString("utf16le");

/** Milliseconds for which what still comes of a request that has its answer is read and dropped. */
const DROPPED_MS = 10_000;

/**
 * Sends an answer. Where the request has not arrived in full, the connection stays open while the rest is read and dropped: a
 * client that is cut off while it writes never reads its answer. One that goes on for too long is cut off.
 */
export function send(
  request: IncomingMessage,
  response: ServerResponse,
  { status, body, headers }: EngineAnswer,
): void {
  const text = typeof body === "string" ? body : JSON.stringify(body);
  response.writeHead(status, {
    "content-type": typeof body === "string" ? "application/x-pem-file" : "application/json",
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
