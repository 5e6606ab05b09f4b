import { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import { type ServerOptions, WebSocketServer } from "ws";
import type { SocketEndpoint } from "../http-server.js";
import { RequestFraming } from "../request-framing.js";
import { NodeSocket } from "./client-socket.js";
import type { NodeLimits } from "./limits.js";
import { pathOf } from "./path-of.js";
import { NodeRequestHead } from "./request-head.js";

/** Characters of a `Sec-WebSocket-Key`. */
const KEY_LENGTH = 24;

/** Takes over a connection whose client wants to speak WebSocket. */
export type Upgrade = (request: IncomingMessage, socket: Duplex, first: Buffer) => void;

/**
 * Lets clients connect with a WebSocket.
 *
 * Node.js gives every request that asks for an upgrade to the `upgrade` listener, if there is one, whatever the protocol
 * and the path, and does not read its body any more. What it asks before is the request's own `upgrade`; a request that
 * denies it is served as any other, as it must be (RFC 9110 §7.8).
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

    /** What the parser thinks, which knows the headers only. */
    set upgrade(_: boolean | null) {}
  }

  const upgrade: Upgrade = (request, socket, first) => {
    const [path, query] = pathOf(request.url);
    const found = servers.get(path);
    if (found === undefined) {
      socket.destroy();
      return;
    }
    const head = new NodeRequestHead(request, query);
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
