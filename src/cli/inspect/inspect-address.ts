import { TsworkerError } from "../../shared/errors.js";

const SOCKET_PATH = "/inspect/socket";

/**
 * Address of the WebSocket of a worker's inspector.
 *
 * @param text what a person has at hand: the worker's second port, or the address of its page, with or without a
 * scheme, such as `127.0.0.1:3001`, `http://127.0.0.1:3001/inspect?token=abc`, `ws://127.0.0.1:3001`.
 * @param token goes before one that the address holds.
 * @throws TsworkerError where it is no such address.
 */
export function inspectAddress(text: string, token: string | undefined): URL {
  const url = parsed(text.includes("://") ? text : `http://${text}`);
  if (url === undefined || !/^(?:http|ws)s?:$/.test(url.protocol)) {
    throw new TsworkerError(
      "WORKER_UNREACHABLE",
      `expected the worker's second port, such as http://127.0.0.1:3001, got ${text}`,
    );
  }
  const base = url.pathname.replace(/\/+$/, "").replace(/\/inspect(?:\/socket)?$/, "");
  const address = new URL(url);
  address.protocol = url.protocol.replace("http", "ws");
  address.pathname = base + SOCKET_PATH;
  address.hash = "";
  if (token !== undefined) address.searchParams.set("token", token);
  return address;
}

function parsed(text: string): URL | undefined {
  return URL.canParse(text) ? new URL(text) : undefined;
}
