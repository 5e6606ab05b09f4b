import { readFileSync } from "node:fs";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { createServer as createTlsServer, type Server as TlsServer } from "node:https";
import { Server as NetServer, type Socket } from "node:net";
import { sendAnswer } from "../answer.js";
import {
  type CertificateFiles,
  type HttpEndpoint,
  type HttpServer,
  type ListenOptions,
  quietTurn,
} from "../http-server.js";
import { RequestFraming } from "../request-framing.js";
import { HIGH_WATER, NODE_LIMITS, type NodeLimits } from "./limits.js";
import { NodeRequestHead, pathOf } from "./request-head.js";
import { NodeResponder } from "./responder.js";
import { upgradesTo } from "./upgrade.js";

/** Largest head of a request: as with uWebSockets.js. */
const MAX_HEADER_BYTES = 16 * 1024;
/** Milliseconds in which the last bytes of answers are sent when the server is closed. */
const LAST_BYTES_MS = 1000;
/** Milliseconds between two checks for connections without a request. */
const CHECK_INTERVAL_MS = 5_000;

const readPem = ({ certificate, key }: CertificateFiles) => ({
  cert: readFileSync(certificate),
  key: readFileSync(key),
});

/** Finds endpoints as uWebSockets.js does: an exact path before one with parameters, and those before `/*`. */
function endpointsByPath(endpoints: readonly HttpEndpoint[]): (path: string) => HttpEndpoint | undefined {
  const exact = new Map<string, HttpEndpoint>();
  const patterns: { readonly shape: RegExp; readonly endpoint: HttpEndpoint }[] = [];
  for (const endpoint of endpoints) {
    const { path } = endpoint;
    if (!path.includes("/:")) exact.set(path, endpoint);
    else patterns.push({ shape: shapeOf(path), endpoint });
  }
  const fallback = exact.get("/*");
  exact.delete("/*");
  return (path) => exact.get(path) ?? patterns.find(({ shape }) => shape.test(path))?.endpoint ?? fallback;
}

/** The paths that a path with parameters stands for. */
const shapeOf = (path: string): RegExp =>
  new RegExp(
    `^${path
      .split("/")
      .map((segment) => (segment.startsWith(":") ? "[^/]+" : segment.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&")))
      .join("/")}$`,
  );

type Serve = (request: IncomingMessage, response: ServerResponse) => void;

/** Dispatches requests to the endpoints. */
function serveAt(endpoints: readonly HttpEndpoint[], limits: NodeLimits): Serve {
  const framing = new RequestFraming();
  // Node.js continues to read requests behind one whose answer closes the connection.
  const refused = new WeakSet<Socket>();
  const endpointAt = endpointsByPath(endpoints);
  return (request, response) => {
    if (refused.has(request.socket)) return;
    const [path, query] = pathOf(request.url);
    const endpoint = endpointAt(path);
    const head = new NodeRequestHead(request, path, query);
    framing.begin();
    head.forEachHeader(framing.visit);
    const { refusal } = framing;
    // HTTP/1.0 has no chunks, and uWebSockets.js does not support it either.
    if (request.httpVersion !== "1.1") refuse(response, 505);
    else if (endpoint === undefined) refuse(response, 404);
    else {
      const responder = new NodeResponder(request, response, limits);
      if (refusal === undefined) endpoint.handle(head, responder);
      else {
        if (refusal.close === true) refused.add(request.socket);
        sendAnswer(responder, refusal);
      }
    }
  };
}

function refuse(response: ServerResponse, status: number): void {
  response.writeHead(status, ["Connection", "close", "Content-Length", "0"]);
  response.end();
}

interface ServerState {
  isClosing: boolean;
  /** Requests that are answered when the port is closed; undefined: requests are answered at once. */
  held: (() => void)[] | undefined;
}

function serverOf(
  { certificate, endpoints, sockets }: ListenOptions,
  limits: NodeLimits,
  state: ServerState,
): Server | TlsServer {
  const { Request, upgrade } = upgradesTo(sockets, limits);
  const options = {
    IncomingMessage: Request,
    maxHeaderSize: MAX_HEADER_BYTES,
    // Overrides command line options of the process.
    insecureHTTPParser: false,
    // RequestFraming requires it, and closes the connection, which Node.js does not.
    requireHostHeader: false,
    highWaterMark: HIGH_WATER,
    keepAliveTimeout: limits.keepAliveMs,
    headersTimeout: limits.headMs,
    // A body may take any time while it keeps coming.
    requestTimeout: 0,
    connectionsCheckingInterval: Math.min(CHECK_INTERVAL_MS, limits.headMs),
  };
  const answer = serveAt(endpoints, limits);
  const serve: Serve = (request, response) => {
    if (state.held !== undefined) state.held.push(() => answer(request, response));
    // A request that comes while the server closes was never accepted.
    else if (state.isClosing) request.socket.destroy();
    else answer(request, response);
  };
  const server: Server | TlsServer =
    certificate === undefined
      ? createServer(options, serve)
      : createTlsServer({ ...options, ...readPem(certificate), handshakeTimeout: limits.headMs }, serve);
  // An unknown `expect` header is ignored.
  server.on("checkExpectation", serve);
  server.on("upgrade", upgrade);
  return server;
}

/** Starts a server of `node:http`. @param limits for tests. */
export async function listenNode(
  options: ListenOptions,
  limits: NodeLimits = NODE_LIMITS,
): Promise<HttpServer> {
  const { host, port, backlog, certificate } = options;
  const state: ServerState = { isClosing: false, held: undefined };
  const server = serverOf(options, limits, state);
  // With those of WebSockets, which the server itself does not count.
  const connections = new Set<Socket>();
  let accepted = 0;
  server.on("connection", (socket: Socket) => {
    accepted++;
    connections.add(socket);
    socket.once("close", () => connections.delete(socket));
  });
  // Each of several pipelined requests adds a listener.
  server.on(certificate === undefined ? "connection" : "secureConnection", (socket: Socket) => {
    socket.setMaxListeners(0);
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(
      { port, ...(host !== undefined && { host }), ...(backlog !== undefined && { backlog }) },
      resolve,
    );
  });
  let isListening = true;
  // `close` of http.Server closes idle connections, too, and a request may be in flight over one of them.
  const stopListening = (): void => {
    if (isListening) NetServer.prototype.close.call(server);
    isListening = false;
  };
  // A connection that could not be accepted must not end the process.
  server.on("error", () => {});
  return {
    get connections() {
      return connections.size;
    },
    renewCertificate: async () => {
      if (certificate !== undefined && "setSecureContext" in server)
        server.setSecureContext(readPem(certificate));
    },
    stopListening: async () => {
      // A client that is answered may connect again at once, which would prevent a quiet turn.
      const held: (() => void)[] = [];
      state.held = held;
      await quietTurn(() => accepted);
      stopListening();
      state.held = undefined;
      for (const serve of held) serve();
    },
    close: () => {
      state.isClosing = true;
      isListening = false;
      server.close();
      // Answers of this turn are written at its end.
      setImmediate(() => {
        if (connections.size === 0) return;
        for (const socket of connections) socket.destroySoon();
        const timer = setTimeout(() => {
          for (const socket of connections) socket.destroy();
        }, LAST_BYTES_MS);
        for (const socket of connections) {
          socket.once("close", () => {
            if (connections.size === 0) clearTimeout(timer);
          });
        }
      });
    },
  };
}
