import type { Log } from "../../shared/log.js";
import type { PlainAccess } from "../auth/plain-access.js";
import type { OpenRoute } from "../config/config-schema.js";
import type { Target } from "../config/model-headers.js";
import { pathForms, patternOf } from "../config/route-path.js";
import type { Metrics } from "../metrics/metrics.js";
import type { HandlerRoute } from "../request/admission.js";
import { forwardedQuery, MAX_QUERY_BYTES } from "../request/client-query.js";
import type { Edge } from "../request/edge.js";
import { UnverifiedBodies } from "../request/envelope/unverified-bodies.js";
import { HttpExchange } from "../request/http-exchange.js";
import { PlainExchange } from "../request/plain-exchange.js";
import { answers, asOpenAiError, sendAnswer, type WorkerAnswer } from "../server/answer.js";
import { withCors } from "../server/cors.js";
import type { HttpEndpoint, SocketEndpoint } from "../server/http-server.js";
import type { CallbackRules } from "../session/session-terms.js";
import { endpointByMethod, notFound } from "./endpoint-kinds.js";
import { type OpenEndpointOptions, openEndpoint } from "./open-endpoint.js";
import { forceUpdate, healthz, metricsText, type ReadinessReading, readyz } from "./operator-routes.js";
import { SessionRoutes } from "./session-routes.js";

export interface EndpointsOptions {
  readonly edge: Edge;
  /** Who may send plain requests; undefined where requests are signed envelopes. */
  readonly access: PlainAccess | undefined;
  readonly routes: readonly HandlerRoute[];
  /** Routes without a signature. */
  readonly openRoutes: readonly OpenRoute[];
  /** Bytes that the bodies of requests to open routes may take together. */
  readonly maxUnverifiedBytes: number;
  readonly modelServer: Target | undefined;
  readonly callbackRules: CallbackRules;
  readonly masterToken: string;
  readonly forceUpdateFile: string;
  /** Origins whose pages may read the public answers. */
  readonly cors: readonly string[];
  readonly metrics: Metrics;
  /** The metrics for the endpoint picker of a gateway are on the public port, too. */
  readonly hasPicker: boolean;
  /** The worker's state, for probes. */
  readonly readiness: () => ReadinessReading;
  readonly log: Log;
}

/** The same endpoint at every form in which clients may send its path. */
const atAllForms = <E extends HttpEndpoint | SocketEndpoint>(endpoint: E): readonly E[] =>
  pathForms(endpoint.path).map((path) => (path === endpoint.path ? endpoint : { ...endpoint, path }));

/** All endpoints, on the public port and on the second one. */
export interface Endpoints {
  readonly public: readonly HttpEndpoint[];
  readonly sockets: readonly SocketEndpoint[];
  readonly local: readonly HttpEndpoint[];
}

const handlerEndpoint = ({ edge, access }: EndpointsOptions, route: HandlerRoute): HttpEndpoint => ({
  path: route.handler.route,
  handle: (request, responder) => {
    const { method, websocket, forwardQuery } = route.handler;
    const refuse = (answer: WorkerAnswer): void =>
      sendAnswer(responder, access === undefined ? answer : asOpenAiError(answer));
    if (websocket === true) refuse(answers.upgradeRequired());
    else if (request.method !== method && !(method === "GET" && request.method === "HEAD"))
      refuse(answers.wrongMethod(method === "GET" ? "GET, HEAD" : method));
    else {
      const query = forwardedQuery(request.query, forwardQuery);
      if (query.length > MAX_QUERY_BYTES) refuse(answers.queryTooLong(MAX_QUERY_BYTES));
      else if (access === undefined) new HttpExchange(edge, route, request, query, responder).receive();
      else new PlainExchange(edge, route, access, request, query, responder).receive();
    }
  },
});

const plainNotFound: HttpEndpoint = {
  ...notFound,
  handle: (_request, responder) => sendAnswer(responder, asOpenAiError(answers.notFound())),
};

/** Endpoints of the handlers and the open routes: those that share a path are one, by method. */
function routeEndpoints(
  options: EndpointsOptions,
  ofOpenRoutes: OpenEndpointOptions,
): readonly HttpEndpoint[] {
  const byPath = new Map<string, Map<string, HttpEndpoint>>();
  const add = (path: string, method: string, endpoint: HttpEndpoint): void => {
    const pattern = patternOf(path);
    byPath.set(pattern, (byPath.get(pattern) ?? new Map()).set(method, endpoint));
  };
  /** They refuse other methods themselves. */
  const handlers = new Set<HttpEndpoint>();
  for (const route of options.routes) {
    const endpoint = handlerEndpoint(options, route);
    handlers.add(endpoint);
    add(route.handler.route, route.handler.method, endpoint);
  }
  for (const route of options.openRoutes) add(route.route, route.method, openEndpoint(route, ofOpenRoutes));
  return [...byPath.values()].flatMap((byMethod) => {
    const [first] = byMethod.values();
    if (first === undefined) return [];
    const isHandler = byMethod.size === 1 && handlers.has(first);
    return [isHandler ? first : endpointByMethod(first.path, byMethod)];
  });
}

/** Collects all endpoints. The code for WebSockets is loaded only if a handler has them. */
export async function endpointsOf(options: EndpointsOptions): Promise<Endpoints> {
  const { edge, access, routes, modelServer, callbackRules, cors } = options;
  const { masterToken, forceUpdateFile, metrics, readiness, log } = options;
  const socketRoutes = routes.filter(({ handler }) => handler.websocket === true);
  const sockets: SocketEndpoint[] = [];
  if (socketRoutes.length > 0) {
    const { socketEndpoint } = await import("../request/socket-exchange.js");
    sockets.push(...socketRoutes.flatMap((route) => atAllForms(socketEndpoint(edge, route))));
  }
  const onFault = (error: unknown): void => log.error({ err: error }, "request handling failed");
  const sessions = new SessionRoutes({ edge, rules: callbackRules, onFault });
  const open = [
    ...routeEndpoints(options, {
      modelServer,
      streamHeaders: edge.streamHeaders,
      bodies: new UnverifiedBodies(options.maxUnverifiedBytes),
      log,
      onFault,
    }).flatMap((endpoint) => atAllForms(endpoint)),
    ...(access === undefined
      ? [...sessions.endpoints, forceUpdate(masterToken, forceUpdateFile, onFault)]
      : []),
    ...(options.hasPicker ? [metricsText(metrics, "picker", onFault)] : []),
    access === undefined ? notFound : plainNotFound,
  ];
  return {
    public: cors.length === 0 ? open : open.map((endpoint) => withCors(endpoint, cors)),
    sockets,
    local: [
      ...(access === undefined ? [sessions.end] : []),
      healthz,
      readyz(readiness),
      metricsText(metrics, "all", onFault),
      notFound,
    ],
  };
}
