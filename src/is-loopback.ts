/** Whether a host, as a URL or an operating system writes it, is this machine's own and reached from nowhere else. */
export const isLoopback = (host: string): boolean =>
  host === "localhost" || host === "::1" || host === "[::1]" || /^127\.\d+\.\d+\.\d+$/.test(host);
