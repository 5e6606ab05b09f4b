import { corsHeaders, preflightHeaders } from "../../shared/cors.js";
import type {
  BodyWriter,
  HttpEndpoint,
  RequestSink,
  Responder,
  ResponseHead,
  WriterSink,
} from "./http-server.js";

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
        handle(request, new CorsResponder(responder, corsHeaders(origin, allowed)));
      }
    },
  };
}

/** Replaces the model's CORS headers. */
class CorsResponder implements Responder {
  readonly #responder: Responder;
  readonly #headers: readonly string[];

  constructor(responder: Responder, headers: readonly string[]) {
    this.#responder = responder;
    this.#headers = headers;
  }

  receive(limit: number, sink: RequestSink): void {
    this.#responder.receive(limit, sink);
  }

  answer(head: ResponseHead, body?: Buffer | string, close?: boolean): void {
    this.#responder.answer(this.#with(head), body, close);
  }

  refuse(head: ResponseHead, body: string): void {
    this.#responder.refuse(this.#with(head), body);
  }

  begin(head: ResponseHead, length: number | undefined, sink: WriterSink): BodyWriter {
    return this.#responder.begin(this.#with(head), length, sink);
  }

  close(): void {
    this.#responder.close();
  }

  #with(head: ResponseHead): ResponseHead {
    const { headers } = head;
    // Names and values in turn: a value stays where its name does.
    const kept = headers.filter((_, index) => !OWN.test(headers[index - (index % 2)] ?? ""));
    return { ...head, headers: [...kept, ...this.#headers] };
  }
}
