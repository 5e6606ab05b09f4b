import type { z } from "zod";
import { isHttpUrl } from "../../shared/url.js";

/** Headers by name in lower case. */
export type ModelHeaders = Readonly<Record<string, string>>;

/** Headers that the worker sets, that belong to one connection (RFC 9110 §7.6.1), or that open a WebSocket. */
const OWN_HEADERS = new Set([
  "connection",
  "content-length",
  "content-type",
  "expect",
  "host",
  "http2-settings",
  "keep-alive",
  "proxy-authorization",
  "proxy-connection",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
]);

const TOKEN = /^[!#$%&'*+.^_`|~\w-]+$/;
const VISIBLE = /^[\x21-\x7e](?:[\t\x20-\x7e]*[\x21-\x7e])?$/;

/** Why a header cannot be sent with each request; undefined if it can. The text does not contain its value. */
export function headerIssue(name: string, value: string): string | undefined {
  if (!TOKEN.test(name)) return "expected the name of a header";
  const key = name.toLowerCase();
  if (OWN_HEADERS.has(key) || key.startsWith("sec-websocket-"))
    return "expected a header that the worker does not send itself";
  if (!VISIBLE.test(value))
    return "expected a value of visible ASCII characters, with blanks only between them";
  return undefined;
}

/** User and password of a URL as basic authentication (RFC 7617); undefined if it has none. */
export function basicAuthOf(url: string): string | undefined {
  const { username, password } = new URL(url);
  if (username === "" && password === "") return undefined;
  const credentials = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
  return `Basic ${Buffer.from(credentials).toString("base64")}`;
}

/** Why user and password of a URL cannot be sent; undefined if they can, or if there are none. */
export function credentialsIssue(url: string): string | undefined {
  try {
    const { username, password } = new URL(url);
    const [user, secret] = [decodeURIComponent(username), decodeURIComponent(password)];
    if (user.includes(":")) return "expected a user without a colon";
    if (/\p{Cc}/u.test(user + secret)) return "expected a user and a password without control characters";
    return undefined;
  } catch {
    return "expected a user and a password that are percent-encoded";
  }
}

/** Adds an issue for a URL whose user and password cannot be sent. */
export function checkCredentials(text: string | undefined, context: z.core.$RefinementCtx): void {
  const message = text !== undefined && isHttpUrl(text) ? credentialsIssue(text) : undefined;
  if (message !== undefined) context.addIssue({ code: "custom", message });
}

/** A URL without its user and password. */
export function withoutCredentials(url: string): string {
  const bare = new URL(url);
  if (bare.username === "" && bare.password === "") return url;
  bare.username = "";
  bare.password = "";
  return bare.href;
}

interface Keys {
  readonly modelHeaders: ModelHeaders;
  readonly modelServerUrl?: string | undefined;
}

/**
 * Headers of each request to the model server: the configured ones, and `authorization` from those, from the URL's user and
 * password, or from the API key, in this order of precedence.
 */
export function headersOf({ modelHeaders, modelServerUrl }: Keys, apiKey: string | undefined): ModelHeaders {
  const own = Object.fromEntries(
    Object.entries(modelHeaders).map(([name, value]) => [name.toLowerCase(), value]),
  );
  const basic = modelServerUrl === undefined ? undefined : basicAuthOf(modelServerUrl);
  const authorization = own.authorization ?? basic ?? (apiKey === undefined ? undefined : `Bearer ${apiKey}`);
  return authorization === undefined ? own : { ...own, authorization };
}

/** A URL and the headers of a request to it: only those to the model server have its headers. */
export interface Target {
  readonly url: string;
  readonly headers: ModelHeaders;
}

/** @param modelServer its base URL, and the headers of each request to it. */
export function targetOf(url: string, modelServer: Target | undefined): Target {
  const isModelServer = modelServer !== undefined && new URL(modelServer.url).origin === new URL(url).origin;
  const basic = basicAuthOf(url);
  const headers = isModelServer ? modelServer.headers : {};
  return {
    url: withoutCredentials(url),
    headers: basic === undefined ? headers : { ...headers, authorization: basic },
  };
}

/** Secrets in headers, such as a bearer token with and without its scheme. */
export function secretsIn(headers: ModelHeaders): readonly string[] {
  return Object.values(headers).flatMap((value) => {
    const [scheme = "", ...rest] = value.split(" ");
    const token = rest.join(" ");
    if (scheme.toLowerCase() !== "basic") return [value, token];
    const credentials = Buffer.from(token, "base64").toString();
    const password = credentials.slice(credentials.indexOf(":") + 1);
    return [value, token, credentials, password, encodeURIComponent(password)];
  });
}
