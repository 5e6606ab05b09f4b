import type { IncomingHttpHeaders } from "node:http";
import { isIP } from "node:net";
import { isAllowedOrigin } from "../../shared/cors.js";
import { isLoopback } from "../../shared/url.js";
import { type EngineAnswer, refusal } from "./exchange.js";

/** Content types that a page of any origin may send without a preflight. */
const SIMPLE = /^\s*(?:text\/plain|application\/x-www-form-urlencoded|multipart\/form-data)\s*(?:;|$)/i;

/** Where the engine listens, and the pages that it allows. */
interface Access {
  /** Address that it listens on. */
  readonly host: string;
  /** Origins whose pages may call, or `*`. */
  readonly origins: ReadonlySet<string>;
  /** Whether the route takes forms: it has a secret that no other page knows. */
  readonly takesForms: boolean;
}

/**
 * The refusal of a request that a web page could have sent without permission; undefined: it is allowed. A page in the
 * browser of a developer reaches every port of the machine.
 */
export function crossOriginRefusal(
  { origin, host, "content-type": type }: IncomingHttpHeaders,
  access: Access,
): EngineAnswer | undefined {
  if (origin !== undefined) {
    if (isAllowedOrigin(origin, access.origins)) return undefined;
    return refusal(403, `pages of the origin ${origin} may not call: allow them with the option cors`);
  }
  // DNS rebinding: a page whose host name resolves to the loopback has the same origin as the engine.
  if (isLoopback(access.host) && isPublicName(host, access)) {
    return refusal(403, `the host ${host} is not this engine: expected localhost or an IP address`);
  }
  if (type !== undefined && !access.takesForms && SIMPLE.test(type)) {
    return refusal(415, `expected the content type application/json, got ${type}`);
  }
  return undefined;
}

/** Whether a `Host` is a name that could be registered publicly. */
function isPublicName(
  host: string | undefined,
  { host: own, origins }: Pick<Access, "host" | "origins">,
): boolean {
  const name = (host ?? "").replace(/:\d*$/, "").replace(/\.$/, "").toLowerCase();
  if (!name.includes(".") || name.startsWith("[") || isIP(name) !== 0) return false;
  if (name === own.toLowerCase() || /\.(?:localhost|local|internal)$/.test(name)) return false;
  return ![...origins].some((each) => URL.canParse(each) && new URL(each).hostname === name);
}
