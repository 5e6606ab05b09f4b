import type { Metrics } from "../metrics/metrics.js";
import { answers } from "./answer.js";
import type { Endpoint, Responder } from "./http-server.js";
import { sendAnswer } from "./send-answer.js";

const getEndpoint = (path: string, answer: (responder: Responder) => void): Endpoint => ({
  path,
  handle: (request, responder) => {
    if (request.method === "GET" || request.method === "HEAD") answer(responder);
    else sendAnswer(responder, answers.wrongMethod("GET, HEAD"));
  },
});

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
  getEndpoint("/metrics", (responder) => {
    const send = (): Promise<void> =>
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
    const refuse = (): void => sendAnswer(responder, answers.bodyTooLarge(0));
    // An answer that is not there at once must know when its client is gone.
    responder.receive(0, { onBody: send, onTooLarge: refuse, onTooSlow: refuse, onGone: () => {} });
  });
