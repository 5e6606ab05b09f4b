import type { IncomingMessage } from "node:http";

const BASE = "http://model";

/** Path and query of a request; undefined where what it names is no path, such as `//`. */
export function requestUrl({ url = "/" }: IncomingMessage): URL | undefined {
  return URL.canParse(url, BASE) ? new URL(url, BASE) : undefined;
}
