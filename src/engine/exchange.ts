import type { IncomingMessage, ServerResponse } from "node:http";

/** A request to the engine, read whole. */
export interface EngineRequest {
  readonly authorization: string | undefined;
  readonly query: URLSearchParams;
  /** The number in the path, 0 where there is none. */
  readonly id: number;
  /** The parsed JSON; undefined for a GET, and where a DELETE has none. */
  readonly body: unknown;
}

/** What the engine answers: text as it is, anything else as JSON. */
export interface EngineAnswer {
  readonly status: number;
  readonly body: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

/** The engine's way to say no. */
export function refusal(status: number, message: string, headers?: EngineAnswer["headers"]): EngineAnswer {
  return { status, body: { error_msg: message }, ...(headers && { headers }) };
}

/** Sends an answer. */
export function send(response: ServerResponse, { status, body, headers }: EngineAnswer): void {
  const text = typeof body === "string" ? body : JSON.stringify(body);
  response
    .writeHead(status, {
      "content-type": typeof body === "string" ? "application/x-pem-file" : "application/json",
      "content-length": Buffer.byteLength(text),
      ...headers,
    })
    .end(text);
}

/** Path and query of a request. */
export function target(request: IncomingMessage): { readonly path: string; readonly query: URLSearchParams } {
  const url = request.url ?? "/";
  const mark = url.indexOf("?");
  return mark === -1
    ? { path: url, query: new URLSearchParams() }
    : { path: url.slice(0, mark), query: new URLSearchParams(url.slice(mark + 1)) };
}
