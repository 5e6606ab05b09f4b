import { answers } from "../answer/answer.js";
import { sendAnswer } from "../answer/send-answer.js";
import type { Endpoint } from "../server/http-server.js";

/** Answers whatever nobody else does. */
export const notFound: Endpoint = {
  path: "/*",
  handle: (_request, responder) => sendAnswer(responder, answers.notFound()),
};
