import { z } from "zod";
import type { AuthData, EndedReport, WorkerStatus } from "../../shared/wire.js";
import type { ManagedEndpoint } from "../endpoints/managed-endpoint.js";
import type { NotRouted, RouteRequest } from "../routing/dispatcher.js";
import { type Admission, keyOf } from "./admission.js";
import { type EngineAnswer, type EngineRequest, refusal, validationMessage } from "./exchange.js";
import { endedReportSchema, routeRequestSchema, workerStatusSchema } from "./request-schemas.js";
import type { Route } from "./router.js";

/** The parts of the engine that these routes use. */
export interface ServiceContext {
  readonly admission: Admission;
  /** Opens the workers and logs of every endpoint. */
  readonly accountKey: string;
  publicKey(): string;
  endpointNamed(name: string): ManagedEndpoint | undefined;
  endpointOf(id: number): ManagedEndpoint | undefined;
  dispatch(endpoint: ManagedEndpoint, question: RouteRequest): AuthData | NotRouted;
  /** @returns false when there are too many workers. */
  recordReport(status: WorkerStatus): boolean;
  recordEnded(report: EndedReport): void;
}

const WRONG_KEY = refusal(400, "invalid api_key");
const WRONG_TOKEN = refusal(401, "invalid mtoken");

/** Lines of each log in an answer. */
const DEFAULT_TAIL = 100;

const lookUpSchema = z.object({
  id: z.int(),
  tail: z
    .int()
    .positive()
    .nullish()
    .transform((tail) => tail ?? DEFAULT_TAIL),
});

/** The calls of clients and workers. */
export function serviceRoutes(context: ServiceContext): readonly Route[] {
  return [
    {
      path: "/pubkey",
      access: "public",
      methods: { GET: () => ({ status: 200, body: context.publicKey() }) },
    },
    { path: "/route", access: "client", methods: { POST: (request) => route(context, request) } },
    {
      path: "/worker_status",
      access: "worker",
      methods: { POST: (request) => workerStatus(context, request) },
    },
    {
      path: "/delete_requests",
      access: "worker",
      methods: { POST: (request) => deleteRequests(context, request) },
    },
    {
      path: "/get_endpoint_workers",
      access: "client",
      methods: { POST: (request) => lookUp(context, request, ({ workers }) => workers.wireView()) },
    },
    {
      path: "/get_endpoint_logs",
      access: "client",
      methods: { POST: (request) => lookUp(context, request, ({ log }, tail) => log.tail(tail)) },
    },
  ];
}

function route(context: ServiceContext, request: EngineRequest): EngineAnswer {
  const key = keyOf(request);
  if (!context.admission.isKey(key)) return WRONG_KEY;
  const parsed = routeRequestSchema.safeParse(request.body);
  if (!parsed.success) return refusal(400, validationMessage(parsed.error));
  const { endpoint: name, cost, request_idx: askedIdx, replay_timeout: replayTimeout } = parsed.data;
  const endpoint = context.endpointNamed(name);
  if (endpoint === undefined) return refusal(400, `no such endpoint: ${name}`);
  if (key !== endpoint.record.apiKey) return WRONG_KEY;
  return { status: 200, body: context.dispatch(endpoint, { askedIdx, cost, replayTimeout }) };
}

function lookUp(
  context: ServiceContext,
  request: EngineRequest,
  show: (endpoint: ManagedEndpoint, tail: number) => unknown,
): EngineAnswer {
  const key = keyOf(request);
  if (!context.admission.isKey(key)) return WRONG_KEY;
  const parsed = lookUpSchema.safeParse(request.body);
  if (!parsed.success) return refusal(400, validationMessage(parsed.error));
  const endpoint = context.endpointOf(parsed.data.id);
  if (endpoint === undefined) return refusal(400, `no such endpoint: ${parsed.data.id}`);
  if (key !== endpoint.record.apiKey && key !== context.accountKey) return WRONG_KEY;
  return { status: 200, body: show(endpoint, parsed.data.tail) };
}

function workerStatus(context: ServiceContext, request: EngineRequest): EngineAnswer {
  if (!isWorker(context, request)) return WRONG_TOKEN;
  const parsed = workerStatusSchema.safeParse(request.body);
  if (!parsed.success) return refusal(400, validationMessage(parsed.error));
  if (!context.recordReport(parsed.data)) return refusal(429, "too many workers report to this engine");
  return { status: 200, body: { success: true } };
}

function deleteRequests(context: ServiceContext, request: EngineRequest): EngineAnswer {
  if (!isWorker(context, request)) return WRONG_TOKEN;
  const parsed = endedReportSchema.safeParse(request.body);
  if (!parsed.success) return refusal(400, validationMessage(parsed.error));
  context.recordEnded(parsed.data);
  return { status: 200, body: { success: true } };
}

const isWorker = (context: ServiceContext, { isAdmitted, body }: EngineRequest): boolean =>
  isAdmitted || context.admission.byReport(body);
