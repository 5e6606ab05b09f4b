import { TsworkerError } from "../errors.js";
import type { Envelope, Payload } from "../wire.js";
import { Answer } from "./answer.js";
import { route } from "./route.js";

interface EndpointInput {
  readonly name: string;
  readonly apiKey: string;
  readonly engineUrl: string;
  readonly fetch: typeof fetch;
}

/** Options of {@link Endpoint.request}. */
export interface RequestOptions {
  /**
   * Workload of the request, in the units of the endpoint's workers (tokens, for a language model).
   * @default 100
   */
  readonly cost?: number;
  /** Gives up: while routing, while waiting, and in the middle of the answer. */
  readonly signal?: AbortSignal;
  /**
   * Milliseconds in which the engine has to name a worker. What the worker takes to answer has no limit
   * here; use `signal`.
   * @default 60000
   */
  readonly timeoutMs?: number;
}

/** One endpoint of a {@link Serverless}. */
export class Endpoint {
  readonly name: string;
  readonly #input: EndpointInput;

  constructor(input: EndpointInput) {
    this.name = input.name;
    this.#input = input;
  }

  /**
   * Sends a request to a worker of the endpoint. Resolves as soon as the worker's answer begins, whatever its
   * status: look at `ok`.
   *
   * @param path - the worker's route, such as `/v1/completions`.
   * @param payload - what the route's handler gets.
   * @throws {TsworkerError} `NO_WORKER_READY`, `ENGINE_UNREACHABLE` when the engine named no worker in time;
   * `ENGINE_REFUSED` when it never will (wrong key, unknown endpoint); `WORKER_UNREACHABLE` when the worker
   * that it named could not be reached.
   * @throws the signal's reason when it is aborted.
   */
  async request(path: string, payload: Payload, options: RequestOptions = {}): Promise<Answer> {
    const { cost = 100, signal, timeoutMs = 60_000 } = options;
    const authData = await route({ ...this.#input, endpoint: this.name, cost, timeoutMs, signal });
    const envelope: Envelope = { auth_data: authData, payload, session_id: null };
    const target = `${authData.url.replace(/\/+$/, "")}/${path.replace(/^\/+/, "")}`;
    let response: Response;
    try {
      response = await this.#input.fetch(target, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify(envelope),
        ...(signal && { signal }),
      });
    } catch (cause) {
      signal?.throwIfAborted();
      throw new TsworkerError("WORKER_UNREACHABLE", `no answer from the worker at ${target}`, { cause });
    }
    return new Answer(response, authData);
  }
}
