import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import { TsworkerError } from "./errors.js";

/**
 * Binds a server to an address.
 *
 * @returns its port.
 * @throws {TsworkerError} `PORT_UNAVAILABLE`.
 */
export async function listen(server: Server, host: string, port: number): Promise<number> {
  await new Promise<void>((resolve, reject) => {
    const onError = (cause: NodeJS.ErrnoException) => {
      const reason = cause.code === "EADDRINUSE" ? "something else listens there" : cause.message;
      reject(new TsworkerError("PORT_UNAVAILABLE", `cannot listen on ${host}:${port}: ${reason}`, { cause }));
    };
    server.once("error", onError);
    server.listen(port, host, () => {
      server.removeListener("error", onError);
      resolve();
    });
  });
  const address = server.address() as AddressInfo;
  return address.port;
}

/** `http://host:port`, with the brackets that an IPv6 address needs. */
export function httpUrl(host: string, port: number): string {
  return `http://${host.includes(":") ? `[${host}]` : host}:${port}`;
}

/** Stops listening and destroys every connection, those with a pending response included. */
export async function close(server: Server): Promise<void> {
  await new Promise<void>((resolve) => {
    // An error means that it was not listening.
    server.close(() => resolve());
    server.closeAllConnections();
  });
}
