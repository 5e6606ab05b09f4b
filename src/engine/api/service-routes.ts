import { z } from "zod";
import type { AuthData, EndedReport, WorkerStatus } from "../../shared/wire.js";
import type { Endpoints } from "../endpoints/endpoints.js";
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
  /** The root certificate, in PEM. */
  certificate(): string;
  endpoints(): Endpoints;
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

const updateSchema = z.object({
  workergroup_id: z.int().nullish(),
  endpoint_id: z.int().nullish(),
  cancel_update: z.boolean().nullish(),
});

/** The calls of clients and workers. */
export function serviceRoutes(context: ServiceContext): readonly Route[] {
  const inspection = (path: string, answer: (request: EngineRequest) => EngineAnswer): Route => ({
    path,
    access: "client",
    refusals: "inspection",
    methods: { POST: answer },
  });
  return [
    {
      path: "/pubkey",
      access: "public",
      methods: { GET: () => ({ status: 200, body: context.publicKey() }) },
    },
    {
      path: "/static/jvastai_root.cer",
      access: "public",
      methods: { GET: () => ({ status: 200, body: context.certificate() }) },
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
    inspection("/get_endpoint_workers", (request) =>
      lookUpEndpoint(context, request, ({ workers }) => workers.wireView()),
    ),
    inspection("/get_endpoint_logs", (request) =>
      lookUpEndpoint(context, request, ({ log }, tail) => log.tail(tail)),
    ),
    inspection("/get_autogroup_logs", (request) => groupLogs(context, request)),
    inspection("/update_workers", (request) => updateWorkers(context, request)),
  ];
}

function route(context: ServiceContext, request: EngineRequest): EngineAnswer {
  return withKey(context, request, routeRequestSchema, (body, key) => {
    const { endpoint: name, cost, request_idx: askedIdx, replay_timeout: replayTimeout } = body;
    const endpoint = context.endpoints().byName(name);
    if (endpoint === undefined) return refusal(400, `no such endpoint: ${name}`);
    if (key !== endpoint.record.apiKey) return WRONG_KEY;
    return { status: 200, body: context.dispatch(endpoint, { askedIdx, cost, replayTimeout }) };
  });
}

function lookUpEndpoint(
  context: ServiceContext,
  request: EngineRequest,
  show: (endpoint: ManagedEndpoint, tail: number) => unknown,
): EngineAnswer {
  return withKey(context, request, lookUpSchema, ({ id, tail }, key) => {
    const endpoint = context.endpoints().byId(id);
    if (endpoint === undefined) return refusal(400, `no such endpoint: ${id}`);
    return opens(context, key, endpoint) ? { status: 200, body: show(endpoint, tail) } : WRONG_KEY;
  });
}

function groupLogs(context: ServiceContext, request: EngineRequest): EngineAnswer {
  return withKey(context, request, lookUpSchema, ({ id, tail }, key) => {
    const endpoint = context.endpoints().ofGroup(id);
    if (endpoint === undefined) return refusal(400, `no such workergroup: ${id}`);
    return opens(context, key, endpoint)
      ? { status: 200, body: endpoint.workers.groups.tail(id, tail) }
      : WRONG_KEY;
  });
}

function updateWorkers(context: ServiceContext, request: EngineRequest): EngineAnswer {
  return withKey(context, request, updateSchema, ({ workergroup_id, endpoint_id, cancel_update }, key) => {
    const given = workergroup_id ?? endpoint_id;
    if (typeof given !== "number") return refusal(400, "expected workergroup_id or endpoint_id");
    const isGroup = typeof workergroup_id === "number";
    const endpoint = isGroup ? context.endpoints().ofGroup(given) : context.endpoints().byId(given);
    if (endpoint === undefined)
      return refusal(400, `no such ${isGroup ? "workergroup" : "endpoint"}: ${given}`);
    if (!opens(context, key, endpoint)) return WRONG_KEY;
    const groups = isGroup ? [given] : endpoint.workers.groups.all.map(({ id }) => id);
    if (cancel_update === true) {
      const cancelled = groups.filter((id) => endpoint.workers.groups.cancelUpdate(id));
      if (cancelled.length === 0) return refusal(400, "no update is in progress");
      return { status: 200, body: { success: true, cancelled: true } };
    }
    if (endpoint.record.state !== "active") {
      return refusal(
        400,
        `endpoint ${endpoint.record.name} is ${endpoint.record.state}: its workers are not updated`,
      );
    }
    const counts = groups.map((id) => endpoint.workers.groups.startUpdate(id));
    const workers_to_update = counts.reduce((sum, count) => sum + count, 0);
    return { status: 200, body: { success: true, workers_to_update } };
  });
}

/** Answers with the parsed body and the key, which is checked first. */
function withKey<Body>(
  context: ServiceContext,
  request: EngineRequest,
  schema: z.ZodType<Body>,
  answer: (body: Body, key: string) => EngineAnswer,
): EngineAnswer {
  const key = keyOf(request);
  if (!context.admission.isKey(key)) return WRONG_KEY;
  const parsed = schema.safeParse(request.body);
  return parsed.success ? answer(parsed.data, key) : refusal(400, validationMessage(parsed.error));
}

const opens = (context: ServiceContext, key: string, endpoint: ManagedEndpoint): boolean =>
  key === endpoint.record.apiKey || key === context.accountKey;

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
