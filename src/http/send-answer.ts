import type { Answer } from "./answer.js";
import type { Responder } from "./http-server.js";

/** Sends an answer of the worker's own. */
export function sendAnswer(
  responder: Responder,
  { status, body, retryAfter, allow, upgrade, close }: Answer,
): void {
  const headers = ["content-type", "application/json"];
  if (retryAfter !== undefined) headers.push("retry-after", String(retryAfter));
  if (allow !== undefined) headers.push("allow", allow);
  if (upgrade !== undefined) headers.push("upgrade", upgrade);
  responder.answer({ status, headers, isAscii: true }, JSON.stringify(body), close);
}
