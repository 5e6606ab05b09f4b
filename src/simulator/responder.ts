import type { OutgoingHttpHeaders, ServerResponse } from "node:http";
import type { ModelLog } from "./model-log.js";

/** Begins and sends answers, with a line in the log for each. */
export class Responder {
  readonly #log: ModelLog;

  constructor(log: ModelLog) {
    this.#log = log;
  }

  /** Begins an answer. The line is written first, so that it is there when the client has the answer. */
  head(response: ServerResponse, status: number, headers: OutgoingHttpHeaders): void {
    const { method, url, socket } = response.req;
    response.writeHead(status, headers);
    const from = `${socket.remoteAddress}:${socket.remotePort}`;
    this.#log.server(`${from} - "${method} ${url} HTTP/1.1" ${status} ${response.statusMessage}`);
  }

  /** Sends JSON; undefined: an empty body. */
  json(response: ServerResponse, status: number, body: unknown, headers: OutgoingHttpHeaders = {}): void {
    const text = body === undefined ? "" : JSON.stringify(body);
    const length = Buffer.byteLength(text);
    this.head(response, status, { "content-type": "application/json", "content-length": length, ...headers });
    response.end(text);
  }
}
