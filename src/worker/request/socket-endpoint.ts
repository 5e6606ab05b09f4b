import type { SocketEndpoint } from "../server/http-server.js";
import type { Gate, Route } from "./exchange.js";
import { decodedParameter, forwardedQuery, rawNameOf } from "./forwarded-query.js";
import { SocketExchange, type SocketRequest } from "./socket-exchange.js";

/** The query parameter in which a client may send the envelope. */
const ENVELOPE = "envelope";

/** The envelope of a query; the first one counts. */
function envelopeOf(query: string): string | undefined {
  for (const parameter of query.split("&")) {
    const name = rawNameOf(parameter);
    if (decodedParameter(name) === ENVELOPE) return decodedParameter(parameter.slice(name.length + 1)) ?? "";
  }
  return undefined;
}

/**
 * Lets clients connect to a handler's route with a WebSocket. The envelope comes as the first message, text in JSON or
 * binary in msgpack, or as the query parameter `envelope`, URL-encoded JSON; the other parameters go to the model's path
 * as `forwardQuery` says. See {@link SocketExchange} for what follows.
 *
 * @example
 * ```ts
 * const socket = new WebSocket(`ws://worker/ws?clientId=1&envelope=${encodeURIComponent(JSON.stringify(envelope))}`);
 * ```
 */
export const socketEndpoint = (edge: Gate, route: Route): SocketEndpoint => ({
  path: route.handler.route,
  maxMessageBytes: edge.maxBodyBytes,
  accept: (request) => {
    const [offered = ""] = request.header("sec-websocket-protocol").split(",");
    const asked: SocketRequest = {
      envelope: envelopeOf(request.query),
      query: forwardedQuery(request.query, route.handler.forwardQuery),
      protocol: offered.trim(),
    };
    return (socket) => new SocketExchange(edge, route, asked, socket);
  },
});
