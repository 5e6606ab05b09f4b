import { createHash, timingSafeEqual } from "node:crypto";
import { writeFileSync } from "node:fs";
import { METRICS_ROUTE } from "../config/picker-settings.js";
import type { Metrics } from "../metrics/metrics.js";
import { answers, sendAnswer, type WorkerAnswer } from "../server/answer.js";
import type { HttpEndpoint } from "../server/http-server.js";
import { getEndpoint, lateGetEndpoint } from "./endpoint-kinds.js";

/** `GET /healthz`: the process is alive. */
export const healthz: HttpEndpoint = getEndpoint("/healthz", (responder) =>
  sendAnswer(responder, answers.ok({ ok: true })),
);

/** Reading for the readiness probe. */
export interface ReadinessReading {
  readonly state: string;
  /** Last observation of a model that is waited for. */
  readonly waitsFor: string | undefined;
}

/** `GET /readyz`: 200 only when the worker is ready, else 503 with its state. */
export const readyz = (read: () => ReadinessReading): HttpEndpoint =>
  getEndpoint("/readyz", (responder) => {
    const { state, waitsFor } = read();
    const answer = state === "ready" ? answers.ok : answers.unavailable;
    sendAnswer(responder, answer({ state, waitsFor }));
  });

/** `GET /metrics`: the metrics as text for Prometheus; on the public port, those for an endpoint picker only. */
export const metricsText = (
  metrics: Metrics,
  which: "all" | "picker",
  onFault: (error: unknown) => void,
): HttpEndpoint =>
  lateGetEndpoint(METRICS_ROUTE, (responder) => {
    const text = which === "all" ? metrics.text() : metrics.pickerText();
    text.then(
      (text) =>
        responder.answer(
          { status: 200, headers: ["content-type", metrics.contentType], isAscii: true },
          text,
        ),
      (error: unknown) => {
        onFault(error);
        sendAnswer(responder, answers.workerFailed());
      },
    );
  });

const digest = (text: string): Buffer => createHash("sha256").update(text).digest();

/** Compares in constant time. An empty token never matches. */
const isToken = (given: string, token: string): boolean =>
  token !== "" && timingSafeEqual(digest(given), digest(token));

/** `POST /pyworker/update`: writes an empty file, so that the start script updates the worker before its next start. */
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
