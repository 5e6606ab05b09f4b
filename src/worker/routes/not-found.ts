import { answers } from "../server/answer.js";
import type { Endpoint } from "../server/http-server.js";
import { sendAnswer } from "../server/send-answer.js";

/** Answers whatever nobody else does. */
export const notFound: Endpoint = {
  path: "/*",
  handle: (_request, responder) => sendAnswer(responder, answers.notFound()),
};
