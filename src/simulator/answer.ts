import { once } from "node:events";
import type { ServerResponse } from "node:http";

/** Sends JSON, under the content type that the response has, if any; undefined: an empty body. */
export function sendJson(response: ServerResponse, status: number, body: unknown): void {
  const text = body === undefined ? "" : JSON.stringify(body);
  response.writeHead(status, {
    "content-type": response.getHeader("content-type") ?? "application/json",
    "content-length": Buffer.byteLength(text),
  });
  response.end(text);
}

/** Begins a stream of server-sent events. @returns sends one, and waits for a client that is slow. */
export function beginEvents(
  response: ServerResponse,
  signal: AbortSignal,
): (event: object | string) => Promise<void> {
  response.writeHead(200, {
    "content-type": "text/event-stream; charset=utf-8",
    "cache-control": "no-cache",
  });
  return async (event) => {
    const data = typeof event === "string" ? event : JSON.stringify(event);
    if (!response.write(`data: ${data}\n\n`)) await once(response, "drain", { signal });
  };
}
