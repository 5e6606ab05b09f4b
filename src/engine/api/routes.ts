import { z } from "zod";
import type { AuthData, EndedReport, WorkerStatus } from "../../shared/wire.js";
import type { ManagedEndpoint } from "../endpoints/managed-endpoint.js";
import type { NotRouted } from "../engine-events.js";
import type { RouteQuestion } from "../routing/dispatcher.js";
import { type Admission, keyOf } from "./admission.js";
import { type EngineAnswer, type EngineRequest, refusal } from "./exchange.js";
import { faults } from "./faults.js";
import { endedReportSchema, routeRequestSchema, workerStatusSchema } from "./request-schemas.js";
import type { Route } from "./router.js";

/** What the routes need of the engine. */
export interface Desk {
  readonly admission: Admission;
  /** The key that opens every endpoint to who looks at it. */
  readonly accountKey: string;
  publicKey(): string;
  endpointNamed(name: string): ManagedEndpoint | undefined;
  endpointOf(id: number): ManagedEndpoint | undefined;
  dispatch(endpoint: ManagedEndpoint, question: RouteQuestion): AuthData | NotRouted;
  /** @returns whether its worker is known now: there may be too many. */
  recordReport(status: WorkerStatus): boolean;
  recordEnded(report: EndedReport): void;
}

const WRONG_KEY = refusal(400, "invalid api_key");
const WRONG_TOKEN = refusal(401, "invalid mtoken");

/** Lines of each log that are shown where nobody says how many. */
const DEFAULT_TAIL = 100;

const lookSchema = z.object({
  id: z.int(),
  tail: z
    .int()
    .positive()
    .nullish()
    .transform((tail) => tail ?? DEFAULT_TAIL),
});

/** The calls of clients and workers. */
export function routes(desk: Desk): readonly Route[] {
  return [
    {
      path: "/pubkey",
      access: "anybody",
      methods: { GET: () => ({ status: 200, body: desk.publicKey() }) },
    },
    { path: "/route", access: "client", methods: { POST: (request) => route(desk, request) } },
    { path: "/worker_status", access: "worker", methods: { POST: (request) => workerStatus(desk, request) } },
    {
      path: "/delete_requests",
      access: "worker",
      methods: { POST: (request) => deleteRequests(desk, request) },
    },
    {
      path: "/get_endpoint_workers",
      access: "client",
      methods: { POST: (request) => look(desk, request, ({ workforce }) => workforce.wireView()) },
    },
    {
      path: "/get_endpoint_logs",
      access: "client",
      methods: { POST: (request) => look(desk, request, ({ log }, tail) => log.tail(tail)) },
    },
  ];
}

function route(desk: Desk, request: EngineRequest): EngineAnswer {
  const key = keyOf(request);
  if (!desk.admission.isKey(key)) return WRONG_KEY;
  const parsed = routeRequestSchema.safeParse(request.body);
  if (!parsed.success) return refusal(400, faults(parsed.error));
  const { endpoint: name, cost, request_idx: askedIdx, replay_timeout: replayTimeout } = parsed.data;
  const endpoint = desk.endpointNamed(name);
  if (endpoint === undefined) return refusal(400, `no such endpoint: ${name}`);
  if (key !== endpoint.record.apiKey) return WRONG_KEY;
  return { status: 200, body: desk.dispatch(endpoint, { askedIdx, cost, replayTimeout }) };
}

function look(
  desk: Desk,
  request: EngineRequest,
  show: (endpoint: ManagedEndpoint, tail: number) => unknown,
): EngineAnswer {
  const key = keyOf(request);
  if (!desk.admission.isKey(key)) return WRONG_KEY;
  const parsed = lookSchema.safeParse(request.body);
  if (!parsed.success) return refusal(400, faults(parsed.error));
  const endpoint = desk.endpointOf(parsed.data.id);
  if (endpoint === undefined) return refusal(400, `no such endpoint: ${parsed.data.id}`);
  if (key !== endpoint.record.apiKey && key !== desk.accountKey) return WRONG_KEY;
  return { status: 200, body: show(endpoint, parsed.data.tail) };
}

function workerStatus(desk: Desk, request: EngineRequest): EngineAnswer {
  if (!isWorker(desk, request)) return WRONG_TOKEN;
  const parsed = workerStatusSchema.safeParse(request.body);
  if (!parsed.success) return refusal(400, faults(parsed.error));
  if (!desk.recordReport(parsed.data)) return refusal(429, "too many workers report to this engine");
  return { status: 200, body: { success: true } };
}

function deleteRequests(desk: Desk, request: EngineRequest): EngineAnswer {
  if (!isWorker(desk, request)) return WRONG_TOKEN;
  const parsed = endedReportSchema.safeParse(request.body);
  if (!parsed.success) return refusal(400, faults(parsed.error));
  desk.recordEnded(parsed.data);
  return { status: 200, body: { success: true } };
}

const isWorker = (desk: Desk, { isKnown, body }: EngineRequest): boolean =>
  isKnown || desk.admission.byReport(body);
