import type { HttpRequest, HttpResponse, TemplatedApp, us_listen_socket } from "uWebSockets.js";
import { METHODS } from "node:http";
import { createServer } from "node:net";
import { answers, sendAnswer } from "../answer.js";
import {
  type CertificateFiles,
  type HttpEndpoint,
  type HttpServer,
  type ListenOptions,
  quietTurn,
} from "../http-server.js";
import { RequestFraming } from "../request-framing.js";
import { addSocketEndpoint } from "./client-socket.js";
import { UwsRequestHead } from "./request-head.js";
import { refuseAndClose, UwsResponder } from "./responder.js";
import { StallWatch } from "./stall-watch.js";

// The module reads its limits when it is loaded. Its default of 4 KiB refuses requests with a few cookies; Node.js accepts
// 16 KiB.
process.env.UWS_HTTP_MAX_HEADERS_SIZE ??= String(16 * 1024);
const { App, SSLApp, us_listen_socket_close } = await import("uWebSockets.js");

/**
 * Rejects with the system's error if a port cannot be used. uWebSockets.js reports no reason, and by default several sockets
 * share a port, so that it would not notice another process on it.
 */
async function probePort({ host, port }: ListenOptions): Promise<void> {
  const probe = createServer();
  await new Promise<void>((resolve, reject) => {
    probe.once("error", reject);
    probe.listen({ port, ...(host !== undefined && { host }) }, resolve);
  });
  await new Promise((resolve) => probe.close(resolve));
}

/** The methods that `node:http` accepts. */
const KNOWN_METHODS = new Set(METHODS);

function addEndpoint(
  app: TemplatedApp,
  endpoint: HttpEndpoint,
  framing: RequestFraming,
  watch: StallWatch,
): void {
  const serve = (res: HttpResponse, req: HttpRequest, method: string): void => {
    framing.begin();
    req.forEach(framing.visit);
    const refusal = KNOWN_METHODS.has(method) ? framing.refusal : answers.malformed("unknown method");
    const responder = new UwsResponder(res, {
      isHead: method === "HEAD",
      announced: framing.contentLength,
      closes: framing.isChunked || (method === "POST" && !framing.hasLength),
      watch,
    });
    if (refusal === undefined)
      endpoint.handle(new UwsRequestHead(req, method, framing.contentLength), responder);
    else if (refusal.close === true) refuseAndClose(res, refusal);
    else sendAnswer(responder, refusal);
  };
  // The method of a POST is known without a call.
  app.post(endpoint.path, (res, req) => serve(res, req, "POST"));
  app.any(endpoint.path, (res, req) => serve(res, req, req.getCaseSensitiveMethod()));
}

function appOf(
  { certificate, endpoints, sockets }: ListenOptions,
  watch: StallWatch,
  onConnections: (change: number) => void,
): TemplatedApp {
  const app = certificate === undefined ? App({}) : SSLApp(tlsOptions(certificate));
  const framing = new RequestFraming();
  app.filter((_res, change) => onConnections(Number(change)));
  for (const socket of sockets) addSocketEndpoint(app, socket, framing);
  for (const endpoint of endpoints) addEndpoint(app, endpoint, framing, watch);
  return app;
}

const tlsOptions = ({ certificate, key }: CertificateFiles) => ({
  cert_file_name: certificate,
  key_file_name: key,
});

function listenOn(app: TemplatedApp, { host, port }: ListenOptions): Promise<us_listen_socket> {
  return new Promise((resolve, reject) => {
    const onListen = (socket: us_listen_socket | false): void => {
      if (socket === false) reject(new Error("the server could not listen"));
      else resolve(socket);
    };
    if (host === undefined) app.listen(port, onListen);
    else app.listen(host, port, onListen);
  });
}

/**
 * Starts a server of uWebSockets.js.
 *
 * It reads chunks more leniently than RFC 9112 §7.1 allows, and skips all headers after one without a name, so that it may
 * disagree with a proxy about the end of a body. So the answer to a request whose body is chunked, or a POST without
 * `content-length`, closes the connection: no byte after the body is read as a request.
 *
 * It cannot replace a certificate. A renewed one gets a listening socket of its own on the same port, and the previous socket
 * is closed; open connections continue with the old certificate.
 */
export async function listenUws(options: ListenOptions): Promise<HttpServer> {
  const watch = new StallWatch();
  let connections = 0;
  let accepted = 0;
  const onConnections = (change: number): void => {
    connections += change;
    if (change > 0) accepted++;
  };
  await probePort(options);
  const first = appOf(options, watch, onConnections);
  let listening = await listenOn(first, options);
  const apps = [first];
  let isListening = true;
  const stopListening = (): void => {
    if (isListening) us_listen_socket_close(listening);
    isListening = false;
  };
  return {
    get connections() {
      return connections;
    },
    renewCertificate: async () => {
      const app = appOf(options, watch, onConnections);
      const socket = await listenOn(app, options);
      us_listen_socket_close(listening);
      listening = socket;
      apps.push(app);
    },
    stopListening: async () => {
      await quietTurn(() => accepted);
      stopListening();
    },
    close: () => {
      stopListening();
      for (const app of apps) app.close();
    },
  };
}
