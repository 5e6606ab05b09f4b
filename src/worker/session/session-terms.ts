import { whyUnwritable } from "../../shared/json-text.js";
import { isHttpUrl, isLoopback } from "../../shared/url.js";
import type { Payload } from "../../shared/wire.js";

/** The terms of a session that a client requests. */
export interface SessionTerms {
  /** Seconds that it lives, and by which each request prolongs it. */
  readonly lifetime: number;
  /** As it was sent. */
  readonly onCloseRoute: string | null;
  readonly onClosePayload: Payload | null;
  /** The URL that `onCloseRoute` means. */
  readonly onCloseUrl: string | undefined;
}

/** Which hosts a session may call when it closes. */
export interface CallbackRules {
  /** Origin and base path of the model server. */
  readonly modelServer: string | undefined;
  /** Further hosts, with or without a port. */
  readonly hosts: readonly string[];
}

export type TermsResult =
  | { readonly kind: "terms"; readonly terms: SessionTerms }
  | { readonly kind: "faults"; readonly faults: Readonly<Record<string, string>> };

const DEFAULT_LIFETIME = 60;
/** Some thirty years; beyond it sums of lifetimes lose their seconds. */
const MAX_LIFETIME = 1e9;

const isObject = (value: unknown): value is Payload =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/**
 * Where `route` leads: a path on the model server, or a URL whose host is allowed. A client that opens a session could
 * otherwise make the worker call any address that it can reach.
 */
function urlOf(route: string, { modelServer, hosts }: CallbackRules): string | { readonly fault: string } {
  if (route.startsWith("/")) {
    if (modelServer === undefined) return { fault: "must be a URL: this worker has no model server" };
    return modelServer + route;
  }
  if (!isHttpUrl(route)) return { fault: 'must be a path that begins with "/", or an http: or https: URL' };
  const { origin, username, password, hostname, host, port } = new URL(route);
  const isModelServer = modelServer !== undefined && new URL(modelServer).origin === origin;
  const isNamed = hosts.some((name) => {
    const named = canonical(name);
    return named === hostname || named === host || named === `${hostname}:${port || defaultPort(route)}`;
  });
  if (!isModelServer && !isLoopback(hostname) && !isNamed) {
    return {
      fault: `must not call ${host}: only the model server, loopback and the worker's sessionCallbackHosts`,
    };
  }
  // It cannot be called: `fetch` refuses such a URL.
  if (username !== "" || password !== "") return { fault: "must not name a user or a password" };
  return route;
}

/** A host, with or without a port, as URLs write it. */
function canonical(name: string): string {
  const url = `http://${name}`;
  // Port 80 is left out by URLs, but a host that is named with it means that port alone.
  return URL.canParse(url) ? new URL(url).hostname + (/:\d+$/.exec(name)?.[0] ?? "") : name;
}

const defaultPort = (url: string): string => (url.startsWith("https:") ? "443" : "80");

/** Why a value cannot be serialized as JSON: parsing allows deeper nesting than serializing. */
function whyNoText(value: unknown): string | undefined {
  try {
    JSON.stringify(value);
    return undefined;
  } catch (error) {
    if (error instanceof RangeError) return whyUnwritable(error);
    throw error;
  }
}

/** Reads the payload of `/session/create`; reports all errors at once. */
export function sessionTerms(payload: Payload, rules: CallbackRules): TermsResult {
  const faults: Record<string, string> = {};
  const { lifetime = DEFAULT_LIFETIME, on_close_route: route, on_close_payload: body } = payload;
  if (typeof lifetime !== "number" || !(lifetime > 0 && lifetime <= MAX_LIFETIME)) {
    faults.lifetime = `must be a number of seconds greater than 0, and at most ${MAX_LIFETIME}`;
  }
  let onCloseUrl: string | undefined;
  if (typeof route === "string" && route !== "") {
    const url = urlOf(route, rules);
    if (typeof url === "string") onCloseUrl = url;
    else faults.on_close_route = url.fault;
  } else if (route !== undefined && route !== null && route !== "") {
    faults.on_close_route = "must be a string or null";
  }
  if (body !== undefined && body !== null && !isObject(body)) {
    faults.on_close_payload = "must be an object or null";
  } else {
    const fault = whyNoText(body);
    if (fault !== undefined) faults.on_close_payload = fault;
  }
  if (Object.keys(faults).length > 0) return { kind: "faults", faults };
  return {
    kind: "terms",
    terms: {
      lifetime: lifetime as number,
      onCloseRoute: typeof route === "string" ? route : null,
      onClosePayload: isObject(body) ? body : null,
      onCloseUrl,
    },
  };
}
