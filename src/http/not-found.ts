import { answers } from "./answer.js";
import type { Endpoint } from "./http-server.js";
import { sendAnswer } from "./send-answer.js";

/** Answers whatever nobody else does. */
export const notFound: Endpoint = {
  path: "/*",
  handle: (_request, responder) => sendAnswer(responder, answers.notFound()),
};
