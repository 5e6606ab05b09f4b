import type { ServerChoice } from "../environment.js";
import { TsworkerError } from "../errors.js";
import type { Log } from "../log.js";
import { checkCertificate, watchCertificate } from "./certificate.js";
import { chooseServer } from "./choose-server.js";
import type { Endpoints } from "./endpoints.js";
import type { CertificateFiles, HttpServer, ListenOptions } from "./http-server.js";

export interface ServersOptions {
  readonly server: ServerChoice;
  /** Port of the public server. */
  readonly port: number;
  /** Of the public server; undefined for plain HTTP. */
  readonly certificate: CertificateFiles | undefined;
  /** Port and address of the second server. */
  readonly httpPort: number;
  readonly httpHost: string;
  readonly endpoints: Endpoints;
  readonly log: Log;
}

const REASONS: Readonly<Record<string, string>> = {
  EADDRINUSE: "it is taken",
  EACCES: "this user may not use it",
  EADDRNOTAVAIL: "this machine has no such address",
};

/** Both servers. */
export interface Servers {
  /** Closes the public port and its connections; the second one stays. */
  closePublic(): void;
  /** Closes whatever is open. */
  close(): void;
}

/**
 * Starts both servers: the public one and the second one, in plain HTTP.
 *
 * @throws TsworkerError `CERTIFICATE_UNREADABLE`, `PORT_UNAVAILABLE`, `SERVER_UNAVAILABLE`.
 */
export async function listenOnBoth(options: ServersOptions): Promise<Servers> {
  const { server, port, certificate, httpPort, httpHost, endpoints, log } = options;
  if (certificate !== undefined) checkCertificate(certificate);
  const listen = await chooseServer(server, log);
  const listenOn = (listening: ListenOptions, variables: string): Promise<HttpServer> =>
    listen(listening).catch((cause: unknown) => {
      const code = cause instanceof Error && "code" in cause ? String(cause.code) : "";
      const where = listening.host === undefined ? "" : ` of ${listening.host}`;
      throw new TsworkerError(
        "PORT_UNAVAILABLE",
        `cannot listen on port ${listening.port}${where}: ${REASONS[code] ?? String(cause)}; choose another ${variables}`,
        { cause },
      );
    });
  const open = await listenOn(
    { host: undefined, port, certificate, endpoints: endpoints.public, sockets: endpoints.sockets },
    "WORKER_PORT",
  );
  const second = await listenOn(
    { host: httpHost, port: httpPort, certificate: undefined, endpoints: endpoints.local, sockets: [] },
    "WORKER_HTTP_PORT or WORKER_HTTP_HOST",
  ).catch((error: unknown) => {
    open.close();
    throw error;
  });
  const unwatch = certificate && watchCertificate(certificate, () => open.renewCertificate(), log);
  let isPublic = true;
  const closePublic = (): void => {
    if (!isPublic) return;
    isPublic = false;
    unwatch?.();
    open.close();
  };
  return {
    closePublic,
    close: () => {
      closePublic();
      second.close();
    },
  };
}
