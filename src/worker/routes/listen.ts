import { setTimeout as sleep } from "node:timers/promises";
import { TsworkerError } from "../../shared/errors.js";
import type { Log } from "../../shared/log.js";
import type { ServerChoice } from "../config/environment.js";
import { checkCertificate, watchCertificate } from "../server/certificate.js";
import { chooseServer } from "../server/choose-server.js";
import type { CertificateFiles, HttpServer, ListenOptions } from "../server/http-server.js";
import { notFound } from "./endpoint-kinds.js";
import type { Endpoints } from "./endpoints.js";
import type { InspectRoutes } from "./inspect-routes.js";

export interface ServersOptions {
  readonly server: ServerChoice;
  /** Port of the public server. */
  readonly port: number;
  /** Address that the public server listens on; undefined: all. */
  readonly host: string | undefined;
  /** Connections that may wait to be accepted by the public server; undefined: the server's own number. */
  readonly backlog: number | undefined;
  /** Of the public server; undefined for plain HTTP. */
  readonly certificate: CertificateFiles | undefined;
  /** Port and address of the second server. */
  readonly httpPort: number;
  readonly httpHost: string;
  readonly endpoints: Endpoints;
  /** Undefined: there is no inspector. */
  readonly inspect: InspectServer | undefined;
  readonly log: Log;
}

/** Server and routes of the inspector. */
export interface InspectServer extends InspectRoutes {
  readonly host: string;
  readonly port: number;
  readonly isOnSecondServer: boolean;
}

const REASONS: Readonly<Record<string, string>> = {
  EADDRINUSE: "it is taken",
  EACCES: "this user may not use it",
  EADDRNOTAVAIL: "this machine has no such address",
};

/** Milliseconds between two checks of the connections that are still open. */
const LINGER_POLL_MS = 20;

/** All servers. */
export interface Servers {
  /** The public port accepts no more connections; settles when the open ones are closed. */
  linger(signal: AbortSignal): Promise<void>;
  /** Closes the public port and its connections; the second one stays. */
  closePublic(): void;
  /** Closes all servers. */
  close(): void;
}

/**
 * Starts the servers: the public one, the second one in plain HTTP, and the inspector's if it has one of its own.
 *
 * @throws TsworkerError `CERTIFICATE_UNREADABLE`, `PORT_UNAVAILABLE`, `SERVER_UNAVAILABLE`.
 */
export async function listenOnAll(options: ServersOptions): Promise<Servers> {
  const {
    server,
    port,
    host: publicHost,
    backlog,
    certificate,
    httpPort,
    httpHost,
    endpoints,
    inspect,
    log,
  } = options;
  if (certificate !== undefined) checkCertificate(certificate);
  const listen = await chooseServer(server, backlog, log);
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
    { host: publicHost, port, backlog, certificate, endpoints: endpoints.public, sockets: endpoints.sockets },
    publicHost === undefined ? "WORKER_PORT" : "WORKER_PORT or host (WORKER_HOST)",
  );
  const plain = { certificate: undefined, sockets: [] };
  const seen = inspect?.isOnSecondServer === true ? inspect : undefined;
  const others: HttpServer[] = [];
  const close = (): void => {
    for (const each of others) each.close();
  };
  try {
    const local = [...(seen?.endpoints ?? []), ...endpoints.local];
    const sockets = seen === undefined ? [] : [seen.socket];
    const second = { ...plain, host: httpHost, port: httpPort, endpoints: local, sockets };
    others.push(await listenOn(second, "WORKER_HTTP_PORT or WORKER_HTTP_HOST"));
    if (inspect !== undefined && seen === undefined) {
      const { host, port: ownPort, endpoints: shown, socket } = inspect;
      const own = { ...plain, host, port: ownPort, endpoints: [...shown, notFound], sockets: [socket] };
      others.push(await listenOn(own, "inspect.port or inspect.host"));
    }
  } catch (error) {
    close();
    open.close();
    throw error;
  }
  const unwatch = certificate && watchCertificate(certificate, () => open.renewCertificate(), log);
  let isPublic = true;
  const closePublic = (): void => {
    if (!isPublic) return;
    isPublic = false;
    unwatch?.();
    open.close();
  };
  return {
    linger: async (signal) => {
      // A renewed certificate would listen again.
      unwatch?.();
      await open.stopListening();
      while (open.connections > 0) await sleep(LINGER_POLL_MS, undefined, { signal });
    },
    closePublic,
    close: () => {
      closePublic();
      close();
    },
  };
}
