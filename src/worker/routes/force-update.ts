import { createHash, timingSafeEqual } from "node:crypto";
import { writeFileSync } from "node:fs";
import { answers, sendAnswer, type WorkerAnswer } from "../server/answer.js";
import type { HttpEndpoint } from "../server/http-server.js";

const digest = (text: string): Buffer => createHash("sha256").update(text).digest();

/** Takes as long for a token that is nearly right as for one that is not. An empty token never matches. */
const isToken = (given: string, token: string): boolean =>
  token !== "" && timingSafeEqual(digest(given), digest(token));

/** `POST /pyworker/update`: leaves an empty file as a sign that the worker is to be updated before its next start. */
export function forceUpdate(
  masterToken: string,
  file: string,
  onFault: (error: unknown) => void,
): HttpEndpoint {
  const answerTo = (authorization: string): WorkerAnswer => {
    const [, given = ""] = /^Bearer +(.+)$/i.exec(authorization) ?? [];
    if (!isToken(given, masterToken)) return answers.notAuthorized();
    try {
      writeFileSync(file, "");
    } catch (error) {
      onFault(error);
      return answers.workerFailed();
    }
    return answers.ok({ ok: true });
  };
  return {
    path: "/pyworker/update",
    handle: (request, responder) => {
      if (request.method === "POST") sendAnswer(responder, answerTo(request.header("authorization")));
      else sendAnswer(responder, answers.wrongMethod("POST"));
    },
  };
}
