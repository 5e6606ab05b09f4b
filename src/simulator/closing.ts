import type { RequestListener, Server } from "node:http";
import type { Socket } from "node:net";

/**
 * When a model server closes connections that are kept alive, named after the web server that does so:
 *
 * - `cpp-httplib`: after 5 s without a request and after 100 requests, which it announces, and about 0.1 ms after each streamed
 *   answer, which it does not;
 * - `uvicorn`: after 5 s without a request;
 * - `aiohttp`: after 75 s without a request;
 * - `hyper`: never.
 */
export type Closing = (typeof CLOSINGS)[number];

/** Every {@link Closing}. */
export const CLOSINGS = ["cpp-httplib", "uvicorn", "aiohttp", "hyper"] as const;

/** Seconds without a request; 0: for ever. */
const IDLE_SECONDS: Readonly<Record<Closing, number>> = {
  "cpp-httplib": 5,
  uvicorn: 5,
  aiohttp: 75,
  hyper: 0,
};

/** Requests on one connection of cpp-httplib. */
const MAX_REQUESTS = 100;
/** Milliseconds between the end of a streamed answer and that of its connection. */
const AFTER_STREAM_MS = 0.1;

/** Makes a server close connections as that web server does. */
export function closeAs(closing: Closing, server: Server): void {
  server.keepAliveTimeout = IDLE_SECONDS[closing] * 1000;
  server.prependListener("request", closing === "cpp-httplib" ? closeAfterStream : announceNothing);
  if (closing === "cpp-httplib") server.maxRequestsPerSocket = MAX_REQUESTS;
}

/** The others do not announce it; Node.js would. */
const announceNothing: RequestListener = (_request, response) => response.removeHeader("connection");

const closeAfterStream: RequestListener = (_request, response) => {
  const { socket } = response;
  response.once("finish", () => {
    if (socket !== null && response.chunkedEncoding) closeSoon(socket);
  });
};

/** A timer would take ten times as long. */
function closeSoon(socket: Socket): void {
  const since = performance.now();
  const check = (): void => {
    if (performance.now() - since < AFTER_STREAM_MS) setImmediate(check);
    // Data that a client sends from now on is answered with a reset.
    else socket.destroySoon();
  };
  setImmediate(check);
}
