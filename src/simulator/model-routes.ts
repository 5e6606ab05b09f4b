import type { IncomingMessage, ServerResponse } from "node:http";
import { errorMessage } from "../shared/errors.js";
import { BodyTooLarge, readBody } from "../shared/read-body.js";
import { sendJson } from "./answer.js";
import type { ModelLog } from "./model-log.js";
import { requestUrl } from "./request.js";
import {
  RefusedRequest,
  type RouteContext,
  type SimulatedModel,
  type SimulatedRoute,
} from "./simulated-model.js";

/** Limit of request bodies; beyond it the answer is 413. */
const MAX_BODY_BYTES = 256 * 1024 * 1024;

const NOT_READY = "the model is not ready";

interface ModelRoutesInput {
  readonly model: SimulatedModel;
  readonly log: ModelLog;
  /** Whether the model has been loaded and has not crashed. */
  readonly isReady: () => boolean;
  /** Whether the server dies in the answer of the request with this number. */
  readonly breaksOff: (count: number) => boolean;
  readonly crash: () => void;
}

/** Serves the routes of a simulated model server, and counts outcomes. */
export class ModelRoutes {
  readonly #input: ModelRoutesInput;
  readonly #health: SimulatedRoute = {
    method: "GET",
    isAlwaysOpen: true,
    serve: ({ response }) => sendJson(response, this.#input.isReady() ? 200 : 503, undefined),
  };
  readonly #counts = { requests: 0, running: 0, completed: 0, cancelled: 0, refused: 0 };

  constructor(input: ModelRoutesInput) {
    this.#input = input;
  }

  /** `running` includes waiting requests. */
  get counts() {
    return { ...this.#counts };
  }

  /** Answers a request. Never rejects: unexpected errors are answered 500 and logged. */
  async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    response.setHeaders(new Map(Object.entries(this.#input.model.headers ?? {})));
    this.#logWhenAnswered(request, response);
    const disconnected = new AbortController();
    response.once("close", () => disconnected.abort());
    try {
      await this.#answer(request, response, disconnected.signal);
    } catch (error) {
      // The client has disconnected.
      if (disconnected.signal.aborted) return;
      if (response.headersSent) response.destroy();
      const { status, message, fields } = this.#refusalOf(error);
      if (!response.headersSent)
        sendJson(response, status, this.#input.model.refusal(status, message, fields));
    }
  }

  /** Logs before the answer is sent, so that a client that has the answer finds the line. */
  #logWhenAnswered(request: IncomingMessage, response: ServerResponse): void {
    const { model, log } = this.#input;
    const { remoteAddress, remotePort } = request.socket;
    const writeHead = response.writeHead.bind(response);
    response.writeHead = (status: number, ...rest: unknown[]) => {
      model.answered(log, { from: `${remoteAddress}:${remotePort}`, request, status });
      return Reflect.apply(writeHead, response, [status, ...rest]);
    };
  }

  async #answer(request: IncomingMessage, response: ServerResponse, signal: AbortSignal): Promise<void> {
    const url = requestUrl(request);
    const route = url && this.#routeAt(url.pathname);
    if (!route) {
      throw this.#input.isReady() ? new RefusedRequest(404, "Not Found") : new RefusedRequest(503, NOT_READY);
    }
    if (request.method !== route.method) {
      if (this.#input.model.wrongMethodStatus) throw new RefusedRequest(404, "Not Found");
      response.setHeader("allow", route.method);
      throw new RefusedRequest(405, "Method Not Allowed");
    }
    const work = route.method === "POST" ? this.#counts : undefined;
    const body = await readBody(request, MAX_BODY_BYTES).catch((error: unknown) => {
      if (work && error instanceof BodyTooLarge) work.refused += 1;
      throw error;
    });
    if (!this.#input.isReady() && !route.isAlwaysOpen) {
      if (work) work.refused += 1;
      throw new RefusedRequest(503, NOT_READY);
    }
    const context = { request, body, response, url, signal, log: this.#input.log };
    await (work ? this.#serve(route, context) : route.serve(context));
  }

  #routeAt(path: string): SimulatedRoute | undefined {
    const { routes } = this.#input.model;
    const found = routes.get(path) ?? routes.get(path.replace(/[^/]+$/, "*"));
    return found ?? (path === "/health" ? this.#health : undefined);
  }

  /** Serves an inference request. */
  async #serve(route: SimulatedRoute, context: RouteContext): Promise<void> {
    const { response, signal } = context;
    const counts = this.#counts;
    counts.requests += 1;
    counts.running += 1;
    if (this.#input.breaksOff(counts.requests)) breakOff(response, this.#input.crash);
    try {
      await route.serve(context);
      counts[response.writableEnded && !signal.aborted ? "completed" : "cancelled"] += 1;
    } catch (error) {
      if (signal.aborted) counts.cancelled += 1;
      else {
        counts.requests -= 1;
        counts.refused += 1;
      }
      throw error;
    } finally {
      counts.running -= 1;
    }
  }

  #refusalOf(error: unknown): RefusedRequest {
    if (error instanceof RefusedRequest) return error;
    if (error instanceof BodyTooLarge) return new RefusedRequest(413, error.message);
    const message = errorMessage(error);
    this.#input.log.line(`the simulated server failed: ${message}`);
    return new RefusedRequest(500, message);
  }
}

/** Pieces of an answer that are written before it breaks off. */
const WRITTEN = 3;

/**
 * Makes the server crash in the middle of an answer: after some pieces, or before its end if it has fewer. Refusals are
 * complete.
 */
function breakOff(response: ServerResponse, crash: () => void): void {
  let written = 0;
  const write = response.write.bind(response);
  response.write = (...piece: unknown[]): boolean => {
    const more: boolean = Reflect.apply(write, response, piece);
    written += 1;
    // Written pieces are sent first.
    if (written === WRITTEN) setImmediate(crash);
    return more;
  };
  const end = response.end.bind(response);
  response.end = (...last: unknown[]) => {
    if (response.statusCode >= 400) return Reflect.apply(end, response, last);
    if (written < WRITTEN) setImmediate(crash);
    return response;
  };
}
