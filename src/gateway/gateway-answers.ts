import type { TsworkerError } from "../shared/errors.js";
import { type OpenAiError, openAiError } from "../shared/openai-error.js";
import type { KeyRefusal } from "../worker/auth/api-key.js";
import { keyRefusalAnswer } from "../worker/auth/plain-access.js";
import { asOpenAiError, type WorkerAnswer } from "../worker/server/answer.js";
import type { ResponseHead } from "../worker/server/http-server.js";

/** An answer of the gateway itself. */
export interface GatewayAnswer {
  readonly status: number;
  readonly body: OpenAiError | object;
  /** Names and values in turn. */
  readonly headers: readonly string[];
  /** The connection is closed. */
  readonly close: boolean;
}

interface More {
  /** Seconds after which the client may try again. */
  readonly retryAfter?: number;
  readonly headers?: readonly string[];
  readonly close?: boolean;
}

/** An error in the shape of OpenAI's API. @param code null: there is none. */
export function errorAnswer(
  status: number,
  code: string | null,
  message: string,
  { retryAfter, headers = [], close = false }: More = {},
): GatewayAnswer {
  const retry = retryAfter === undefined ? [] : ["retry-after", String(retryAfter)];
  return { status, body: openAiError(status, message, code), headers: [...headers, ...retry], close };
}

/** Seconds after which a client may try again that found no worker. */
const NOT_READY_RETRY = 5;

const seconds = (ms: number): string => `${Number((ms / 1000).toPrecision(2))} s`;

/** All errors that the gateway itself answers with. */
export const gatewayAnswers = {
  foreignPage: () =>
    errorAnswer(
      403,
      "foreign_origin",
      "pages may not call a gateway without API keys: give it keys (--keys-file)",
    ),
  unknownEndpoint: (name: string, names: readonly string[]) =>
    errorAnswer(
      404,
      "unknown_endpoint",
      `there is no endpoint ${JSON.stringify(name)}; there are: ${names.join(", ")}`,
    ),
  endpointMissing: (names: readonly string[]) =>
    errorAnswer(
      404,
      "endpoint_missing",
      `several endpoints are served: expected a path such as /${names[0]}/v1/chat/completions, with one of: ${names.join(", ")}`,
    ),
  unknownPath: () =>
    errorAnswer(
      404,
      "unknown_path",
      "expected a path such as /v1/chat/completions, or the same behind the name of an endpoint",
    ),
  wrongMethod: (allow: string) =>
    errorAnswer(
      405,
      "method_not_allowed",
      `expected ${allow} for this path: only requests with a body can be sent through an engine`,
      { headers: ["allow", allow] },
    ),
  bodyTooLarge: (limit: number) =>
    errorAnswer(413, "request_too_large", `the body is larger than ${limit} bytes`),
  bodyTooSlow: () =>
    errorAnswer(408, "request_timeout", "the body did not arrive: nothing came for too long", {
      close: true,
    }),
  invalidJson: () =>
    errorAnswer(
      400,
      "invalid_json",
      "expected a JSON object in UTF-8 as the body, or a form (multipart/form-data)",
    ),
  invalidForm: () => errorAnswer(400, "invalid_form", "the form (multipart/form-data) could not be read"),
  tooManyBodies: () =>
    errorAnswer(
      503,
      "gateway_overloaded",
      "the gateway holds too many bodies of other requests: send it again later",
      {
        retryAfter: 1,
      },
    ),
  draining: () =>
    errorAnswer(
      503,
      "gateway_draining",
      "the gateway is about to end: send the request again, over a new connection",
      {
        retryAfter: 1,
        close: true,
      },
    ),
  noWorkerReady: (endpoint: string, waitedMs: number) =>
    errorAnswer(503, "no_worker_ready", `no worker of ${endpoint} became ready within ${seconds(waitedMs)}`, {
      retryAfter: NOT_READY_RETRY,
    }),
  engineUnreachable: () =>
    errorAnswer(503, "engine_unreachable", "the engine, which names the workers, did not answer", {
      retryAfter: NOT_READY_RETRY,
    }),
  engineRefused: (endpoint: string) =>
    errorAnswer(
      502,
      "engine_refused",
      `the engine refused to name a worker of ${endpoint}: the gateway's key or the endpoint's name is wrong; see the gateway's log`,
    ),
  workerUnreachable: (endpoint: string, tries: number) =>
    errorAnswer(
      502,
      "worker_unreachable",
      `no worker of ${endpoint} answered; the request was tried ${tries === 1 ? "once" : `${tries} times`}`,
      { retryAfter: 1 },
    ),
  deadlineExceeded: (ms: number) =>
    errorAnswer(504, "deadline_exceeded", `no worker took the request within the ${ms} ms of x-deadline-ms`),
  modelsUnknown: (endpoint: string) =>
    errorAnswer(
      404,
      "models_unknown",
      `the workers of ${endpoint} do not list their models: the gateway needs them by name (--model), or the workers an open route /v1/models`,
    ),
  modelNotFound: (model: string) =>
    errorAnswer(404, "model_not_found", `there is no model ${JSON.stringify(model)} here`),
  gatewayFailed: () => errorAnswer(500, "gateway_failed", "the gateway failed to handle the request"),
} as const;

/** An answer that the worker's access has for a plain request. */
export function fromWorker(answer: WorkerAnswer): GatewayAnswer {
  const { status, body, code = null, retryAfter, close } = asOpenAiError(answer);
  if (code === "foreign_origin") return gatewayAnswers.foreignPage();
  const { message } = (body as OpenAiError).error;
  return errorAnswer(status, code, message, {
    ...(retryAfter !== undefined && { retryAfter }),
    ...(close !== undefined && { close }),
    ...(code?.endsWith("_api_key") && { headers: ["www-authenticate", "Bearer"] }),
  });
}

/** The answer to a request beyond the limits of its key. */
export const limitAnswer = (refusal: KeyRefusal): GatewayAnswer => fromWorker(keyRefusalAnswer(refusal));

/** Head of an answer with a JSON body. */
export const jsonHead = (status: number, headers: readonly string[]): ResponseHead => ({
  status,
  headers: ["content-type", "application/json", ...headers],
  isAscii: true,
});

/** The answer to a request for which the engine has named no worker. */
export function routingAnswer({ code }: TsworkerError, endpoint: string, waitMs: number): GatewayAnswer {
  if (code === "NO_WORKER_READY") return gatewayAnswers.noWorkerReady(endpoint, waitMs);
  return code === "ENGINE_UNREACHABLE"
    ? gatewayAnswers.engineUnreachable()
    : gatewayAnswers.engineRefused(endpoint);
}
