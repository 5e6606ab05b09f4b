import { answers, sendAnswer } from "../server/answer.js";
import type { HttpEndpoint } from "../server/http-server.js";

/** Answers whatever nobody else does. */
export const notFound: HttpEndpoint = {
  path: "/*",
  handle: (_request, responder) => sendAnswer(responder, answers.notFound()),
};
