import "./uws-settings.js";
import {
  App,
  type HttpRequest,
  type ListenOptions,
  SSLApp,
  type TemplatedApp,
  type us_listen_socket,
  us_listen_socket_close,
} from "uWebSockets.js";
import { TsworkerError } from "../errors.js";
import { answers } from "./answer.js";
import { type CertificateFiles, checkCertificate } from "./certificate.js";
import type { Edge } from "./edge.js";
import { Exchange, type Route } from "./exchange.js";
import { sendAnswer } from "./send-answer.js";

/** By default several processes may share a port, so that a taken one would go unnoticed. */
const EXCLUSIVE_PORT: ListenOptions = 1;

/** A server that accepts connections. */
export interface ListeningServer {
  /** Closes the port and every connection. */
  close(): void;
}

export interface ServerOptions {
  readonly port: number;
  /** Undefined for plain HTTP. */
  readonly certificate: CertificateFiles | undefined;
  readonly edge: Edge;
  readonly routes: readonly Route[];
}

const isHead = (req: HttpRequest): boolean => req.getMethod() === "head";

/** All routes of the public server. */
function addRoutes(app: TemplatedApp, edge: Edge, routes: readonly Route[]): void {
  for (const route of routes) {
    app.post(route.handler.route, (res, req) => {
      new Exchange(edge, route, res, req);
    });
    app.any(route.handler.route, (res, req) => sendAnswer(res, answers.wrongMethod(), isHead(req)));
  }
  app.any("/*", (res, req) => sendAnswer(res, answers.notFound(), isHead(req)));
}

/**
 * Starts the public server.
 *
 * @throws TsworkerError `PORT_UNAVAILABLE`, `CERTIFICATE_UNREADABLE`.
 */
export function listen({ port, certificate, edge, routes }: ServerOptions): Promise<ListeningServer> {
  if (certificate !== undefined) checkCertificate(certificate);
  const app =
    certificate === undefined
      ? App({})
      : SSLApp({ cert_file_name: certificate.certificate, key_file_name: certificate.key });
  addRoutes(app, edge, routes);
  return new Promise((resolve, reject) => {
    const onListen = (socket: us_listen_socket | false): void => {
      if (socket === false) {
        reject(
          new TsworkerError(
            "PORT_UNAVAILABLE",
            `cannot listen on port ${port}: it is taken, or may not be used by this user; choose another WORKER_PORT`,
          ),
        );
        return;
      }
      resolve({
        close: () => {
          us_listen_socket_close(socket);
          app.close();
        },
      });
    };
    app.listen(port, EXCLUSIVE_PORT, onListen);
  });
}
