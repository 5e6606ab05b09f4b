import { answers } from "../server/answer.js";
import type { Endpoint, Responder } from "../server/http-server.js";
import { sendAnswer } from "../server/send-answer.js";

/** A path for GET and HEAD. */
export const getEndpoint = (path: string, answer: (responder: Responder) => void): Endpoint => ({
  path,
  handle: (request, responder) => {
    if (request.method === "GET" || request.method === "HEAD") answer(responder);
    else sendAnswer(responder, answers.wrongMethod("GET, HEAD"));
  },
});

/** The same, where the answer is not there at once and the client may be gone before it is. */
export const lateGetEndpoint = (path: string, answer: (responder: Responder) => void): Endpoint =>
  getEndpoint(path, (responder) => {
    const refuse = (): void => sendAnswer(responder, answers.bodyTooLarge(0));
    responder.receive(0, {
      onPiece: () => answer(responder),
      onTooLarge: refuse,
      onTooSlow: refuse,
      onGone: () => {},
    });
  });
