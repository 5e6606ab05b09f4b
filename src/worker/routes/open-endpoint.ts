import { TsworkerError } from "../../shared/errors.js";
import type { OpenRouteConfig } from "../config/config.js";
import type { Target } from "../config/model-headers.js";
import { askModel, type ModelAnswer } from "../model/ask-model.js";
import { answers, sendAnswer } from "../server/answer.js";
import type { HttpEndpoint, Responder } from "../server/http-server.js";
import { getEndpoint, lateGetEndpoint } from "./get-endpoint.js";

/** A route that anybody may ask: it answers a text, or what the model server answers. */
export function openEndpoint(
  { route, text }: OpenRouteConfig,
  modelServer: Target | undefined,
  onFault: (error: unknown) => void,
): HttpEndpoint {
  if (text !== undefined) {
    const headers = ["content-type", "text/plain; charset=utf-8"];
    return getEndpoint(route, (responder) => responder.answer({ status: 200, headers, isAscii: true }, text));
  }
  const target = { url: `${modelServer?.url}${route}`, headers: modelServer?.headers ?? {} };
  // Nobody has signed for these questions: however many come, the model hears one at a time.
  let asked: Promise<ModelAnswer> | undefined;
  const ask = (): Promise<ModelAnswer> => {
    asked ??= askModel(target).finally(() => {
      asked = undefined;
    });
    return asked;
  };
  return lateGetEndpoint(route, (responder) => {
    ask().then(
      (answer) => relay(responder, answer),
      (error: unknown) => {
        if (error instanceof TsworkerError) return sendAnswer(responder, answers.modelFailed(error));
        onFault(error);
        sendAnswer(responder, answers.workerFailed());
      },
    );
  });
}

function relay(responder: Responder, { status, contentType, body }: ModelAnswer): void {
  const headers = contentType === undefined ? [] : ["content-type", contentType];
  responder.answer({ status, headers, isAscii: false }, body);
}
