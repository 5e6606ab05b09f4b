import type { HttpResponse } from "uWebSockets.js";
import { type Answer, statusLine } from "./answer.js";

/**
 * Sends an answer of the worker's own. The response must not be touched afterwards.
 *
 * @param isHead the request was a HEAD: the body stays here, or the client would take it for the next answer.
 */
export function sendAnswer(
  res: HttpResponse,
  { status, body, retryAfter, allow, close }: Answer,
  isHead = false,
): void {
  const json = JSON.stringify(body);
  res.cork(() => {
    res.writeStatus(statusLine(status)).writeHeader("content-type", "application/json");
    if (retryAfter !== undefined) res.writeHeader("retry-after", String(retryAfter));
    if (allow !== undefined) res.writeHeader("allow", allow);
    if (!isHead) {
      res.end(json, close === true);
      return;
    }
    // To the server this is no response yet, and without an abort handler it would end the process.
    res.onAborted(() => {});
    res.endWithoutBody();
  });
}
