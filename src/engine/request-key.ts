import type { EngineRequest } from "./exchange.js";

/** The key of a request: in its body, as a bearer token, or in its query, in this order. */
export function keyOf(request: EngineRequest, inBody?: string | null): string | undefined {
  return inBody ?? bearer(request.authorization) ?? request.query.get("api_key") ?? undefined;
}

function bearer(authorization: string | undefined): string | undefined {
  return /^Bearer\s+(\S+)\s*$/i.exec(authorization ?? "")?.[1];
}
