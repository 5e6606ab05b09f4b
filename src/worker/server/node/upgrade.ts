import { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import { type ServerOptions, WebSocketServer } from "ws";
import type { SocketEndpoint } from "../http-server.js";
import { RequestFraming } from "../request-framing.js";
import { NodeSocket } from "./client-socket.js";
import type { NodeLimits } from "./limits.js";
import { NodeRequestHead, pathOf } from "./request-head.js";

/** Characters of a `Sec-WebSocket-Key`. */
const KEY_LENGTH = 24;

/** Takes over a connection for a WebSocket. */
export type Upgrade = (request: IncomingMessage, socket: Duplex, first: Buffer) => void;

/**
 * Accepts WebSockets.
 *
 * Node.js passes every request with an `upgrade` header to the `upgrade` listener, for any protocol and path, and reads no
 * body then. It consults the property `upgrade` of the request before; a request where that is false is served like any other,
 * as RFC 9110 §7.8 requires.
 *
 * @returns the class of the requests, and the listener.
 */
export function upgradesTo(
  endpoints: readonly SocketEndpoint[],
  limits: NodeLimits,
): { readonly Request: typeof IncomingMessage; readonly upgrade: Upgrade } {
  const servers = new Map(
    endpoints.map((endpoint) => [endpoint.path, { endpoint, server: serverOf(endpoint, limits) }]),
  );

  const framing = new RequestFraming();

  class Request extends IncomingMessage {
    get upgrade(): boolean {
      const { headers } = this;
      return (
        headers["sec-websocket-key"]?.length === KEY_LENGTH &&
        headers.upgrade?.toLowerCase() === "websocket" &&
        this.method === "GET" &&
        this.httpVersion === "1.1" &&
        servers.has(pathOf(this.url)[0])
      );
    }

    /** Set by the parser, which evaluates the headers only. */
    set upgrade(_: boolean | null) {}
  }

  const upgrade: Upgrade = (request, socket, first) => {
    const [path, query] = pathOf(request.url);
    const found = servers.get(path);
    if (found === undefined) {
      socket.destroy();
      return;
    }
    const head = new NodeRequestHead(request, path, query);
    framing.begin();
    head.forEachHeader(framing.visit);
    if (framing.refusalOfUpgrade !== undefined) {
      socket.end("HTTP/1.1 400 Bad Request\r\nconnection: close\r\ncontent-length: 0\r\n\r\n");
      return;
    }
    const open = found.endpoint.accept(head);
    found.server.handleUpgrade(request, socket, first, (webSocket) => {
      new NodeSocket(webSocket, request.socket, limits.socketIdleMs, open);
    });
  };
  return { Request, upgrade };
}

function serverOf({ maxMessageBytes }: SocketEndpoint, { closeMs }: NodeLimits): WebSocketServer {
  const options: ServerOptions & { readonly closeTimeout: number } = {
    noServer: true,
    clientTracking: false,
    perMessageDeflate: false,
    maxPayload: maxMessageBytes,
    closeTimeout: closeMs,
  };
  return new WebSocketServer(options);
}
