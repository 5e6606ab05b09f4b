import type { Answer } from "./answer.js";
import type { Responder, ResponseHead } from "./http-server.js";

/** Head and body of an answer of the worker's own. */
export function contentOf({ status, body, retryAfter, allow, upgrade, acceptEncoding }: Answer): {
  readonly head: ResponseHead;
  readonly text: string;
} {
  const headers = ["content-type", "application/json"];
  if (retryAfter !== undefined) headers.push("retry-after", String(retryAfter));
  if (allow !== undefined) headers.push("allow", allow);
  if (upgrade !== undefined) headers.push("upgrade", upgrade);
  if (acceptEncoding !== undefined) headers.push("accept-encoding", acceptEncoding);
  return { head: { status, headers, isAscii: true }, text: JSON.stringify(body) };
}

/** Sends an answer of the worker's own. */
export function sendAnswer(responder: Responder, answer: Answer): void {
  const { head, text } = contentOf(answer);
  if (answer.dropsRest === true) responder.refuse(head, text);
  else responder.answer(head, text, answer.close);
}
