import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { onTestFinished } from "vitest";
import type { Engine } from "../../src/engine/index.js";
import { close, httpUrl, listen } from "../../src/shared/listen.js";
import { post } from "./started-engine.js";
import { workerStatus } from "./worker-status.js";

/** What came in at a tiny worker. */
export interface Seen {
  readonly path: string;
  readonly headers: IncomingMessage["headers"];
  readonly body: unknown;
}

/**
 * A minimal fake of a worker: it answers every request as the test sets it and keeps what it received.
 * It stops when the test is over.
 */
export async function tinyWorker(answer: (response: ServerResponse, seen: Seen) => void) {
  const seen: Seen[] = [];
  const server = createServer(async (request, response) => {
    // The engine probes it: it is there.
    if (request.method === "GET") {
      response.writeHead(404).end();
      return;
    }
    let text = "";
    for await (const piece of request.setEncoding("utf8")) text += piece;
    const arrived = { path: request.url ?? "", headers: request.headers, body: JSON.parse(text) };
    seen.push(arrived);
    answer(response, arrived);
  });
  const url = httpUrl("127.0.0.1", await listen(server, "127.0.0.1", 0));
  onTestFinished(() => close(server));
  return {
    url,
    /** Every request that came, in order. */
    seen: seen as readonly Seen[],
    /** Reports to the engine that it is ready. */
    announce: (engine: Engine, status: Parameters<typeof workerStatus>[0] = {}) =>
      post(engine, "/worker_status/", workerStatus({ url, ...status })),
  };
}
