import type { IncomingMessage, ServerResponse } from "node:http";
import { BodyTooLarge, readBody } from "../stand-in/read-body.js";
import { breakOff } from "./break-off.js";
import type { ModelLog } from "./model-log.js";
import { sendJson } from "./send-json.js";
import { RefusedRequest, type SimulatedModel, type SimulatedRoute } from "./simulated-model.js";

/** Longest body taken; a longer one is answered 413. */
const MAX_BODY_BYTES = 256 * 1024 * 1024;

interface ModelRoutesInput {
  readonly model: SimulatedModel;
  readonly log: ModelLog;
  /** Whether the model has been loaded and has not crashed. */
  readonly isReady: () => boolean;
  /** Whether the server dies in the answer of the request with this number. */
  readonly breaksOff: (count: number) => boolean;
  readonly crash: () => void;
}

/** Serves the paths of a simulated model server, and counts how its requests end. */
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

  /** `running` has those that wait, too. */
  get counts() {
    return { ...this.#counts };
  }

  async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { model, log } = this.#input;
    const url = new URL(request.url ?? "/", "http://model");
    // Written before the answer is sent, so that it is there when the client has it.
    const { remoteAddress, remotePort } = request.socket;
    const writeHead = response.writeHead.bind(response);
    response.writeHead = (status: number, ...rest: unknown[]) => {
      model.answered(log, { from: `${remoteAddress}:${remotePort}`, request, status });
      return Reflect.apply(writeHead, response, [status, ...rest]);
    };
    const route =
      model.routes.get(url.pathname) ??
      model.routes.get(url.pathname.replace(/[^/]+$/, "*")) ??
      (url.pathname === "/health" ? this.#health : undefined);
    if (!route) return this.#answerRefusal(response, new RefusedRequest(404, "Not Found"));
    if (request.method !== route.method) {
      response.setHeader("allow", route.method);
      return this.#answerRefusal(response, new RefusedRequest(405, "Method Not Allowed"));
    }
    await this.#serve(route, url, request, response);
  }

  async #serve(
    route: SimulatedRoute,
    url: URL,
    request: IncomingMessage,
    response: ServerResponse,
  ): Promise<void> {
    const counts = this.#counts;
    const isWork = route.method === "POST";
    let body: Buffer;
    try {
      body = await readBody(request, MAX_BODY_BYTES);
    } catch (error) {
      // Anything else is a client that went away: nobody to answer.
      if (!(error instanceof BodyTooLarge)) return;
      if (isWork) counts.refused += 1;
      return this.#answerRefusal(response, new RefusedRequest(413, error.message));
    }
    if (!this.#input.isReady() && !route.isAlwaysOpen) {
      if (isWork) counts.refused += 1;
      return this.#answerRefusal(response, new RefusedRequest(503, "the model is not ready"));
    }
    const gone = new AbortController();
    const onClose = () => gone.abort();
    response.once("close", onClose);
    const { log } = this.#input;
    if (isWork) {
      counts.requests += 1;
      counts.running += 1;
      if (this.#input.breaksOff(counts.requests)) breakOff(response, this.#input.crash);
    }
    try {
      await route.serve({ request, body, response, url, signal: gone.signal, log });
      if (isWork) counts[response.writableEnded ? "completed" : "cancelled"] += 1;
    } catch (error) {
      if (error instanceof RefusedRequest) {
        if (isWork) {
          counts.requests -= 1;
          counts.refused += 1;
        }
        this.#answerRefusal(response, error);
      } else if (gone.signal.aborted) counts.cancelled += 1;
      else throw error;
    } finally {
      if (isWork) counts.running -= 1;
      response.removeListener("close", onClose);
    }
  }

  #answerRefusal(response: ServerResponse, { status, message }: RefusedRequest): void {
    sendJson(response, status, this.#input.model.refusal(status, message));
  }
}
