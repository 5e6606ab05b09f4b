import { z } from "zod";
import type { AuthData, EndedReport, WorkerStatus } from "../wire.js";
import type { RouteQuestion } from "./dispatcher.js";
import type { NotRouted } from "./engine-events.js";
import { type EngineAnswer, type EngineRequest, refusal } from "./exchange.js";
import { faults } from "./faults.js";
import type { ManagedEndpoint } from "./managed-endpoint.js";
import { keyOf } from "./request-key.js";
import { endedReportSchema, routeRequestSchema, workerStatusSchema } from "./request-schemas.js";
import type { Route } from "./router.js";

/** What the routes need of the engine. */
export interface Desk {
  /** The `mtoken` that reports must carry; undefined: any. */
  token(): string | undefined;
  /** The key that opens every endpoint to who looks at it. */
  readonly accountKey: string;
  publicKey(): string;
  endpointNamed(name: string): ManagedEndpoint | undefined;
  endpointOf(id: number): ManagedEndpoint | undefined;
  dispatch(endpoint: ManagedEndpoint, question: RouteQuestion): AuthData | NotRouted;
  recordReport(status: WorkerStatus): void;
  recordEnded(report: EndedReport): void;
}

/** Lines of each log that are shown where nobody says how many. */
const DEFAULT_TAIL = 100;

const lookSchema = z.object({
  id: z.int(),
  api_key: z.string().nullish(),
  tail: z
    .int()
    .positive()
    .nullish()
    .transform((tail) => tail ?? DEFAULT_TAIL),
});

/** The calls of clients and workers. */
export function routes(desk: Desk): readonly Route[] {
  return [
    { path: "/pubkey", methods: { GET: () => ({ status: 200, body: desk.publicKey() }) } },
    { path: "/route", methods: { POST: (request) => route(desk, request) } },
    { path: "/worker_status", methods: { POST: (request) => workerStatus(desk, request) } },
    { path: "/delete_requests", methods: { POST: (request) => deleteRequests(desk, request) } },
    {
      path: "/get_endpoint_workers",
      methods: { POST: (request) => look(desk, request, ({ workforce }) => workforce.wireView()) },
    },
    {
      path: "/get_endpoint_logs",
      methods: { POST: (request) => look(desk, request, ({ log }, tail) => log.tail(tail)) },
    },
  ];
}

function route(desk: Desk, request: EngineRequest): EngineAnswer {
  const parsed = routeRequestSchema.safeParse(request.body);
  if (!parsed.success) return refusal(400, faults(parsed.error));
  const { endpoint: name, api_key, cost, request_idx: askedIdx, replay_timeout: replayTimeout } = parsed.data;
  const endpoint = desk.endpointNamed(name);
  const key = keyOf(request, api_key);
  // Who has no key at all is not told which endpoints there are.
  if (key === undefined) return refusal(400, "invalid api_key");
  if (endpoint === undefined) return refusal(400, `no such endpoint: ${name}`);
  if (key !== endpoint.record.apiKey) return refusal(400, "invalid api_key");
  return { status: 200, body: desk.dispatch(endpoint, { askedIdx, cost, replayTimeout }) };
}

function look(
  desk: Desk,
  request: EngineRequest,
  show: (endpoint: ManagedEndpoint, tail: number) => unknown,
): EngineAnswer {
  const parsed = lookSchema.safeParse(request.body);
  if (!parsed.success) return refusal(400, faults(parsed.error));
  const endpoint = desk.endpointOf(parsed.data.id);
  const key = keyOf(request, parsed.data.api_key);
  if (endpoint === undefined) return refusal(400, `no such endpoint: ${parsed.data.id}`);
  if (key !== endpoint.record.apiKey && key !== desk.accountKey) return refusal(400, "invalid api_key");
  return { status: 200, body: show(endpoint, parsed.data.tail) };
}

function workerStatus(desk: Desk, request: EngineRequest): EngineAnswer {
  const parsed = workerStatusSchema.safeParse(request.body);
  if (!parsed.success) return refusal(400, faults(parsed.error));
  if (!hasToken(desk, parsed.data.mtoken)) return refusal(401, "invalid mtoken");
  desk.recordReport(parsed.data);
  return { status: 200, body: { success: true } };
}

function deleteRequests(desk: Desk, request: EngineRequest): EngineAnswer {
  const parsed = endedReportSchema.safeParse(request.body);
  if (!parsed.success) return refusal(400, faults(parsed.error));
  if (!hasToken(desk, parsed.data.mtoken)) return refusal(401, "invalid mtoken");
  desk.recordEnded(parsed.data);
  return { status: 200, body: { success: true } };
}

function hasToken(desk: Desk, token: string): boolean {
  const expected = desk.token();
  return expected === undefined || token === expected;
}
