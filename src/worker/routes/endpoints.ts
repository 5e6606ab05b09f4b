import type { Log } from "../../shared/log.js";
import type { OpenRoute } from "../config/config-schema.js";
import type { Target } from "../config/model-headers.js";
import { encodedPath, pathForms } from "../config/route-path.js";
import type { Metrics } from "../metrics/metrics.js";
import type { HandlerRoute } from "../request/admission.js";
import { forwardedQuery, MAX_QUERY_BYTES } from "../request/client-query.js";
import type { Edge } from "../request/edge.js";
import { UnverifiedBodies } from "../request/envelope/unverified-bodies.js";
import { HttpExchange } from "../request/http-exchange.js";
import { answers, sendAnswer } from "../server/answer.js";
import { withCors } from "../server/cors.js";
import type { HttpEndpoint, SocketEndpoint } from "../server/http-server.js";
import type { CallbackRules } from "../session/session-terms.js";
import { endpointByMethod, notFound } from "./endpoint-kinds.js";
import { type OpenEndpointOptions, openEndpoint } from "./open-endpoint.js";
import { forceUpdate, healthz, metricsText, type ReadinessReading, readyz } from "./operator-routes.js";
import { SessionRoutes } from "./session-routes.js";

export interface EndpointsOptions {
  readonly edge: Edge;
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

const handlerEndpoint = (edge: Edge, route: HandlerRoute): HttpEndpoint => ({
  path: route.handler.route,
  handle: (request, responder) => {
    if (route.handler.websocket === true) sendAnswer(responder, answers.upgradeRequired());
    else if (request.method !== "POST") sendAnswer(responder, answers.wrongMethod("POST"));
    else {
      const query = forwardedQuery(request.query, route.handler.forwardQuery);
      if (query.length > MAX_QUERY_BYTES) sendAnswer(responder, answers.queryTooLong(MAX_QUERY_BYTES));
      else new HttpExchange(edge, route, request, query, responder);
    }
  },
});

/** Endpoints of the handlers and the open routes: those that share a path are one, by method. */
function routeEndpoints(
  { edge, routes, openRoutes }: EndpointsOptions,
  options: OpenEndpointOptions,
): readonly HttpEndpoint[] {
  const endpoints = new Map(
    routes.map((route) => [encodedPath(route.handler.route), handlerEndpoint(edge, route)]),
  );
  const shared = new Map<string, Map<string, HttpEndpoint>>();
  for (const route of openRoutes) {
    const path = encodedPath(route.route);
    const handler = endpoints.get(path);
    const byMethod = shared.get(path) ?? new Map(handler && [["POST", handler]]);
    shared.set(path, byMethod.set(route.method, openEndpoint(route, options)));
  }
  for (const [path, byMethod] of shared) {
    const [first] = byMethod.values();
    endpoints.set(path, endpointByMethod(first?.path ?? path, byMethod));
  }
  return [...endpoints.values()];
}

/** Collects all endpoints. The code for WebSockets is loaded only if a handler has them. */
export async function endpointsOf(options: EndpointsOptions): Promise<Endpoints> {
  const { edge, routes, modelServer, callbackRules, cors } = options;
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
    ...sessions.endpoints,
    forceUpdate(masterToken, forceUpdateFile, onFault),
    ...(options.hasPicker ? [metricsText(metrics, "picker", onFault)] : []),
    notFound,
  ];
  return {
    public: cors.length === 0 ? open : open.map((endpoint) => withCors(endpoint, cors)),
    sockets,
    local: [sessions.end, healthz, readyz(readiness), metricsText(metrics, "all", onFault), notFound],
  };
}
