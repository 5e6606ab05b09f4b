import { answers, sendAnswer } from "../server/answer.js";
import type { HttpEndpoint, Responder } from "../server/http-server.js";

/** A path for GET and HEAD. */
export const getEndpoint = (path: string, answer: (responder: Responder) => void): HttpEndpoint => ({
  path,
  handle: (request, responder) => {
    if (request.method === "GET" || request.method === "HEAD") answer(responder);
    else sendAnswer(responder, answers.wrongMethod("GET, HEAD"));
  },
});

/** The same, where the answer is not there at once and the client may be gone before it is. */
export const lateGetEndpoint = (path: string, answer: (responder: Responder) => void): HttpEndpoint =>
  getEndpoint(path, (responder) => {
    const refuse = (): void => sendAnswer(responder, answers.bodyTooLarge(0));
    responder.receive(0, {
      onPiece: () => answer(responder),
      onTooLarge: refuse,
      onTooSlow: refuse,
      onDisconnect: () => {},
    });
  });
