import type { z } from "zod";
import type { AuthData, EndedReport, WorkerStatus } from "../wire.js";
import type { NotRouted } from "./engine-events.js";
import { type EngineAnswer, type EngineRequest, refusal } from "./exchange.js";
import { endedReportSchema, routeRequestSchema, workerStatusSchema } from "./request-schemas.js";

/** What the routes need of the engine. */
export interface Desk {
  readonly endpoint: string;
  readonly apiKey: string;
  /** The `mtoken` that reports must carry; undefined: any. */
  readonly token: string | undefined;
  publicKey(): string;
  dispatch(askedIdx: number, cost: number): AuthData | NotRouted;
  recordReport(status: WorkerStatus): void;
  recordEnded(report: EndedReport): void;
}

export interface Route {
  readonly method: "GET" | "POST";
  readonly answer: (request: EngineRequest) => EngineAnswer;
}

/** Every path that the engine serves, without the slash at the end. */
export function routes(desk: Desk): ReadonlyMap<string, Route> {
  return new Map<string, Route>([
    ["/pubkey", { method: "GET", answer: () => ({ status: 200, body: desk.publicKey() }) }],
    ["/route", { method: "POST", answer: (request) => route(desk, request) }],
    ["/worker_status", { method: "POST", answer: (request) => workerStatus(desk, request) }],
    ["/delete_requests", { method: "POST", answer: (request) => deleteRequests(desk, request) }],
  ]);
}

function route(desk: Desk, request: EngineRequest): EngineAnswer {
  const parsed = routeRequestSchema.safeParse(request.body);
  if (!parsed.success) return refusal(400, faults(parsed.error));
  const { endpoint, api_key, cost, request_idx } = parsed.data;
  const key = api_key ?? bearer(request.authorization) ?? request.query.get("api_key");
  if (key !== desk.apiKey) return refusal(400, "invalid api_key");
  if (endpoint !== desk.endpoint) return refusal(400, `no such endpoint: ${endpoint}`);
  return { status: 200, body: desk.dispatch(request_idx, cost) };
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
  return desk.token === undefined || token === desk.token;
}

function bearer(authorization: string | undefined): string | undefined {
  return /^Bearer\s+(\S+)\s*$/i.exec(authorization ?? "")?.[1];
}

function faults(error: z.ZodError): string {
  return error.issues.map(({ path, message }) => `${path.join(".") || "body"}: ${message}`).join("; ");
}
