import type { Metrics } from "../metrics/metrics.js";
import { answers } from "./answer.js";
import { getEndpoint, lateGetEndpoint } from "./get-endpoint.js";
import type { Endpoint } from "./http-server.js";
import { sendAnswer } from "./send-answer.js";

/** `GET /healthz`: the process is alive. */
export const healthz: Endpoint = getEndpoint("/healthz", (responder) =>
  sendAnswer(responder, answers.ok({ ok: true })),
);

/** `GET /readyz`: 200 only when the worker is ready, else 503 with its state. */
export const readyz = (state: () => string): Endpoint =>
  getEndpoint("/readyz", (responder) => {
    const current = state();
    const answer = current === "ready" ? answers.ok : answers.unavailable;
    sendAnswer(responder, answer({ state: current }));
  });

/** `GET /metrics`: what Prometheus collects. */
export const metricsText = (metrics: Metrics, onFault: (error: unknown) => void): Endpoint =>
  lateGetEndpoint("/metrics", (responder) => {
    metrics.text().then(
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
