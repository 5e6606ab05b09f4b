import type { HttpResponse } from "uWebSockets.js";
import { type Answer, statusLine } from "./answer.js";

/** Sends an answer of the worker's own. The response must not be touched afterwards. */
export function sendAnswer(res: HttpResponse, { status, body, retryAfter, allow, close }: Answer): void {
  const json = JSON.stringify(body);
  res.cork(() => {
    res.writeStatus(statusLine(status)).writeHeader("content-type", "application/json");
    if (retryAfter !== undefined) res.writeHeader("retry-after", String(retryAfter));
    if (allow !== undefined) res.writeHeader("allow", allow);
    res.end(json, close === true);
  });
}
