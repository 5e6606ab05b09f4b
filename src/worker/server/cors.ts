import { corsHeaders, preflightHeaders } from "../../shared/cors.js";
import type { HttpEndpoint, ResponseHead } from "./http-server.js";
import { MappedHeads } from "./mapped-heads.js";

/** Headers that the worker sets itself; those of the model are dropped. */
const OWN = /^access-control-/i;

/**
 * Allows pages of other origins to read an endpoint's answers, and answers preflight requests.
 *
 * @param origins such as `https://app.example.com`, or `*` for any.
 */
export function withCors(endpoint: HttpEndpoint, origins: readonly string[]): HttpEndpoint {
  const { handle, methods = "POST" } = endpoint;
  const allowed = new Set(origins);
  const preflight = { methods, headers: "*" };
  return {
    ...endpoint,
    handle: (request, responder) => {
      const origin = request.header("origin");
      const isPreflight =
        request.method === "OPTIONS" && request.header("access-control-request-method") !== "";
      const headers = isPreflight ? preflightHeaders(origin, allowed, preflight) : undefined;
      if (headers !== undefined) {
        responder.answer({ status: 204, headers, isAscii: true });
      } else {
        const own = corsHeaders(origin, allowed);
        handle(request, new MappedHeads(responder, (head) => replacedIn(head, own)));
      }
    },
  };
}

/** Replaces the model's CORS headers. */
function replacedIn(head: ResponseHead, own: readonly string[]): ResponseHead {
  const { status, headers, isAscii } = head;
  // Names and values in turn: a value stays where its name does.
  const kept = headers.filter((_, index) => !OWN.test(headers[index - (index % 2)] ?? ""));
  return { status, headers: [...kept, ...own], isAscii };
}
