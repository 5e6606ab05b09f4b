import { readFileSync } from "node:fs";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { createServer as createTlsServer, type Server as TlsServer } from "node:https";
import { Server as NetServer, type Socket } from "node:net";
import type { CertificateFiles, Endpoint, HttpServer, ListenOptions } from "../http-server.js";
import { quietTurn } from "../quiet-turn.js";
import { RequestFraming } from "../request-framing.js";
import { sendAnswer } from "../send-answer.js";
import { HIGH_WATER, NODE_LIMITS, type NodeLimits } from "./limits.js";
import { pathOf } from "./path-of.js";
import { NodeRequestHead } from "./request-head.js";
import { NodeResponder } from "./responder.js";
import { upgradesTo } from "./upgrade.js";

/** Of the head of a request: as much as with uWebSockets.js. */
const MAX_HEADER_BYTES = 16 * 1024;
/** Milliseconds that the last bytes of answers have to leave, when the server is closed. */
const LAST_BYTES_MS = 1000;
/** Between two looks at connections whose request does not come. */
const LOOK_MS = 5_000;

const readPem = ({ certificate, key }: CertificateFiles) => ({
  cert: readFileSync(certificate),
  key: readFileSync(key),
});

type Serve = (request: IncomingMessage, response: ServerResponse) => void;

/** Answers at the paths of the endpoints. */
function serveAt(endpoints: readonly Endpoint[], limits: NodeLimits): Serve {
  const framing = new RequestFraming();
  // Node.js goes on to read requests behind one whose answer closes the connection.
  const refused = new WeakSet<Socket>();
  const byPath = new Map(endpoints.map((endpoint) => [endpoint.path, endpoint]));
  const fallback = byPath.get("/*");
  byPath.delete("/*");
  return (request, response) => {
    if (refused.has(request.socket)) return;
    const [path, query] = pathOf(request.url);
    const endpoint = byPath.get(path) ?? fallback;
    const head = new NodeRequestHead(request, query);
    framing.begin();
    head.forEachHeader(framing.visit);
    const { refusal } = framing;
    // HTTP/1.0 knows no chunks, and uWebSockets.js does not speak it either.
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
  /** Requests to be answered when the port is closed; undefined: they are answered at once. */
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
    // Whatever the process was started with.
    insecureHTTPParser: false,
    // It is required, but what follows a request without one must not be read.
    requireHostHeader: false,
    highWaterMark: HIGH_WATER,
    keepAliveTimeout: limits.keepAliveMs,
    headersTimeout: limits.headMs,
    // A body may take as long as it likes while it keeps coming.
    requestTimeout: 0,
    connectionsCheckingInterval: Math.min(LOOK_MS, limits.headMs),
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
  // What else a client expects is not refused, but served as if it did not.
  server.on("checkExpectation", serve);
  server.on("upgrade", upgrade);
  return server;
}

/** Starts a server of `node:http`. @param limits for tests. */
export async function listenNode(
  options: ListenOptions,
  limits: NodeLimits = NODE_LIMITS,
): Promise<HttpServer> {
  const { host, port, certificate } = options;
  const state: ServerState = { isClosing: false, held: undefined };
  const server = serverOf(options, limits, state);
  // Those with a WebSocket, too, of which the server itself knows nothing any more.
  const connections = new Set<Socket>();
  let accepted = 0;
  server.on("connection", (socket: Socket) => {
    accepted++;
    connections.add(socket);
    socket.once("close", () => connections.delete(socket));
  });
  // Each of several pipelined requests hears of the close of the connection.
  server.on(certificate === undefined ? "connection" : "secureConnection", (socket: Socket) => {
    socket.setMaxListeners(0);
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen({ port, ...(host !== undefined && { host }) }, resolve);
  });
  let isListening = true;
  // That of http.Server closes idle connections, too, over one of which a request may be in flight.
  const stopListening = (): void => {
    if (isListening) NetServer.prototype.close.call(server);
    isListening = false;
  };
  // A connection that could not be accepted is no reason to end.
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
      // A client that is answered may connect again at once, and there would be no quiet turn.
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
      // What was answered in this very turn is written at its end.
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
