import { TimeLimit } from "../client/request/abort.js";
import { TsworkerError } from "../shared/errors.js";
import { type GatewayAnswer, gatewayAnswers } from "./gateway-answers.js";
import type { CheckedEndpoint, CheckedGatewayOptions } from "./gateway-options.js";
import type { Routing } from "./routing.js";
import { decoded } from "./target.js";
import { wholeAnswer } from "./whole-answer.js";
import type { Workers } from "./workers.js";

const LIST = "/v1/models";
/** Milliseconds that a worker's list is used for. */
const TTL_MS = 30_000;
/** Milliseconds that a worker's answer may take. */
const ANSWER_MS = 10_000;
/** An entry of the list; it has an `id`. */
interface Model {
  readonly id: string;
}

/** The models of an endpoint, or the error. */
type Listing = { readonly models: readonly Model[] } | { readonly error: GatewayAnswer };

/** Whether a path is that of the list of models, or of one of them. */
export const isModelPath = (path: string): boolean => path === LIST || path.startsWith(`${LIST}/`);

/**
 * The models of each endpoint: those of its options, or those that one of its workers lists at an open route. Concurrent
 * requests share one look-up.
 */
export class ModelList {
  readonly #options: CheckedGatewayOptions;
  readonly #routing: Routing;
  readonly #workers: Workers;
  readonly #kept = new Map<string, { readonly listing: Promise<Listing>; until: number }>();

  constructor(options: CheckedGatewayOptions, routing: Routing, workers: Workers) {
    this.#options = options;
    this.#routing = routing;
    this.#workers = workers;
  }

  /** Answers `GET /v1/models` and `GET /v1/models/<model>`. */
  async answer(endpoint: CheckedEndpoint, path: string): Promise<GatewayAnswer> {
    const listing = await this.#listing(endpoint);
    if ("error" in listing) return listing.error;
    const ok = (body: object): GatewayAnswer => ({ status: 200, body, headers: [], close: false });
    if (path === LIST) return ok({ object: "list", data: listing.models });
    const id = decoded(path.slice(LIST.length + 1));
    const model = listing.models.find((each) => each.id === id);
    return model === undefined ? gatewayAnswers.modelNotFound(id) : ok(model);
  }

  #listing(endpoint: CheckedEndpoint): Promise<Listing> {
    const { name, models } = endpoint;
    if (models !== undefined) {
      return Promise.resolve({
        models: models.map((id) => ({ id, object: "model", created: 0, owned_by: name })),
      });
    }
    const kept = this.#kept.get(name);
    if (kept !== undefined && performance.now() < kept.until) return kept.listing;
    const entry = { listing: this.#ask(endpoint), until: performance.now() + TTL_MS };
    this.#kept.set(name, entry);
    void entry.listing.then((listing) => {
      // An error is not kept.
      if ("error" in listing && this.#kept.get(name) === entry) this.#kept.delete(name);
    });
    return entry.listing;
  }

  /** Never rejects. */
  async #ask({ name: endpoint, apiKey }: CheckedEndpoint): Promise<Listing> {
    const { waitMs } = this.#options;
    const limit = new TimeLimit(waitMs + ANSWER_MS, undefined);
    try {
      const { url } = await this.#routing.workerFor({
        endpoint,
        apiKey,
        cost: 0,
        requestIdx: 0,
        timeoutMs: waitMs,
        signal: limit.signal,
        onNotReady: () => {},
      });
      const { status, body } = await this.#get(url);
      if (status !== 200) {
        return {
          error:
            status === 404 || status === 405
              ? gatewayAnswers.modelsUnknown(endpoint)
              : gatewayAnswers.workerUnreachable(endpoint, 1),
        };
      }
      const models = modelsIn(body);
      return models === undefined ? { error: gatewayAnswers.modelsUnknown(endpoint) } : { models };
    } catch (error) {
      if (error instanceof TsworkerError && error.code === "NO_WORKER_READY")
        return { error: gatewayAnswers.noWorkerReady(endpoint, waitMs) };
      if (error instanceof TsworkerError && error.code === "ENGINE_UNREACHABLE")
        return { error: gatewayAnswers.engineUnreachable() };
      const isEngines = error instanceof TsworkerError && error.code.startsWith("ENGINE_");
      return {
        error: isEngines
          ? gatewayAnswers.engineRefused(endpoint)
          : gatewayAnswers.workerUnreachable(endpoint, 1),
      };
    } finally {
      limit.release();
    }
  }

  async #get(url: string): Promise<{ readonly status: number; readonly body: string }> {
    const connections = await this.#workers.at(url);
    const { host, basePath } = connections;
    const head = `GET ${basePath}${LIST} HTTP/1.1\r\nhost: ${host}\r\naccept: application/json\r\n`;
    const timeouts = { connectMs: ANSWER_MS, headersMs: ANSWER_MS, idleMs: ANSWER_MS };
    const { status, body } = await wholeAnswer(connections, { head, body: undefined, timeouts });
    return { status, body: body.toString() };
  }
}

/** Undefined: it is no list of models. */
function modelsIn(text: string): readonly Model[] | undefined {
  try {
    const { data } = JSON.parse(text) as { readonly data?: unknown };
    return Array.isArray(data) && data.every(isModel) ? data : undefined;
  } catch {
    return undefined;
  }
}

const isModel = (value: unknown): value is Model =>
  typeof value === "object" && value !== null && "id" in value && typeof value.id === "string";
