/** Whether a value is the text of an absolute URL with `http:` or `https:`, host included. */
export const isHttpUrl = (value: unknown): boolean =>
  typeof value === "string" && /^\s*https?:\/\//i.test(value) && URL.canParse(value);

/** A path below a base URL, joined by exactly one slash. */
export const urlAt = (base: string, path: string): string =>
  `${base.replace(/\/+$/, "")}/${path.replace(/^\/+/, "")}`;

/** Whether a host, as a URL or an operating system writes it, is a loopback address. */
export const isLoopback = (host: string): boolean =>
  host === "localhost" || host === "::1" || host === "[::1]" || /^127\.\d+\.\d+\.\d+$/.test(host);

/** Wildcard addresses of servers that listen on all interfaces. */
const isWildcard = (host: string): boolean => host === "0.0.0.0" || host === "[::]";

/** Whether two URLs name the same server, where `localhost`, loopback and wildcard addresses are equal. */
export function isSameServer(one: string, other: string): boolean {
  const [first, second] = [new URL(one), new URL(other)];
  if (first.protocol !== second.protocol || first.port !== second.port) return false;
  const isLocal = (host: string): boolean => isLoopback(host) || isWildcard(host);
  return first.hostname === second.hostname || (isLocal(first.hostname) && isLocal(second.hostname));
}
