import type { Metrics } from "../metrics/metrics.js";
import { answers, sendAnswer } from "../server/answer.js";
import type { HttpEndpoint } from "../server/http-server.js";
import { getEndpoint, lateGetEndpoint } from "./get-endpoint.js";

/** `GET /healthz`: the process is alive. */
export const healthz: HttpEndpoint = getEndpoint("/healthz", (responder) =>
  sendAnswer(responder, answers.ok({ ok: true })),
);

/** What the probe for traffic says. */
export interface ReadinessReading {
  readonly state: string;
  /** What was last seen of the model that is waited for. */
  readonly waitsFor: string | undefined;
}

/** `GET /readyz`: 200 only when the worker is ready, else 503 with its state. */
export const readyz = (read: () => ReadinessReading): HttpEndpoint =>
  getEndpoint("/readyz", (responder) => {
    const { state, waitsFor } = read();
    const answer = state === "ready" ? answers.ok : answers.unavailable;
    sendAnswer(responder, answer({ state, waitsFor }));
  });

/** `GET /metrics`: what Prometheus collects. */
export const metricsText = (metrics: Metrics, onFault: (error: unknown) => void): HttpEndpoint =>
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
