import type { Gate, Route } from "./exchange.js";
import type { SocketEndpoint } from "./http-server.js";
import { SocketExchange, type SocketRequest } from "./socket-exchange.js";

/** The query parameter in which a client may send the envelope. */
const ENVELOPE = "envelope";

/** A name or a value of a query; undefined where its escapes make no text. */
function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text.replaceAll("+", " "));
  } catch {
    return undefined;
  }
}

/** Takes the envelope out of a query; the first one counts, and none goes to the model. */
function splitQuery(query: string): Pick<SocketRequest, "envelope" | "query"> {
  const rest: string[] = [];
  let envelope: string | undefined;
  for (const parameter of query.split("&")) {
    const [name = ""] = parameter.split("=", 1);
    if (decoded(name) === ENVELOPE) envelope ??= decoded(parameter.slice(name.length + 1)) ?? "";
    else rest.push(parameter);
  }
  return { envelope, query: rest.join("&") };
}

/**
 * Lets clients connect to a handler's route with a WebSocket. The envelope comes as the first message, text in JSON or
 * binary in msgpack, or as the query parameter `envelope`, URL-encoded JSON; all other parameters go to the model's path
 * as they are. See {@link SocketExchange} for what follows.
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
    const asked: SocketRequest = { ...splitQuery(request.query), protocol: offered.trim() };
    return (socket) => new SocketExchange(edge, route, asked, socket);
  },
});
