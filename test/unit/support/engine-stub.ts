import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { onTestFinished } from "vitest";
import { close, httpUrl, listen } from "../../../src/shared/listen.js";

interface Seen {
  readonly method: string | undefined;
  readonly path: string | undefined;
  readonly headers: IncomingMessage["headers"];
  readonly body: string;
}

/** A server that answers as the test sets it and keeps what it received. It stops when the test is over. */
export async function engineStub(answer: (response: ServerResponse, seen: Seen) => void) {
  const seen: Seen[] = [];
  const server = createServer(async (request, response) => {
    let body = "";
    for await (const piece of request.setEncoding("utf8")) body += piece;
    const { method, url: path, headers } = request;
    const arrived = { method, path, headers, body };
    seen.push(arrived);
    answer(response, arrived);
  });
  const url = httpUrl("127.0.0.1", await listen(server, "127.0.0.1", 0));
  onTestFinished(() => close(server));
  return { url, seen: seen as readonly Seen[] };
}

/** An address where no server listens. */
export async function unusedAddress(): Promise<string> {
  const server = createServer();
  const url = httpUrl("127.0.0.1", await listen(server, "127.0.0.1", 0));
  await close(server);
  return url;
}

/** Answers with a status and nothing else. */
export const answering = (status: number) => (response: ServerResponse) => response.writeHead(status).end();
