/** Whether a host, as a URL or an operating system writes it, is this machine's own and reached from nowhere else. */
export const isLoopback = (host: string): boolean =>
  host === "localhost" || host === "::1" || host === "[::1]" || /^127\.\d+\.\d+\.\d+$/.test(host);

/** Addresses that a server which listens on all of a machine's names. */
const isAny = (host: string): boolean => host === "0.0.0.0" || host === "[::]";

/** Whether two URLs are of one server; a machine has several names for itself. */
export function isSameServer(one: string, other: string): boolean {
  const [first, second] = [new URL(one), new URL(other)];
  if (first.protocol !== second.protocol || first.port !== second.port) return false;
  const isLocal = (host: string): boolean => isLoopback(host) || isAny(host);
  return first.hostname === second.hostname || (isLocal(first.hostname) && isLocal(second.hostname));
}
