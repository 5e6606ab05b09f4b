import { Account } from "../client/account/account.js";
import { unlimitedFetch } from "../client/fetch/unlimited-fetch.js";
import { route } from "../client/request/route.js";
import type { EngineAddress } from "../client/serverless.js";
import { TsworkerError } from "../shared/errors.js";
import type { AuthData } from "../shared/wire.js";
import { pooledFetch } from "./whole-answer.js";
import { Workers } from "./workers.js";

/** A request for a worker. */
export interface RoutingRequest {
  readonly endpoint: string;
  /** The endpoint's own key; undefined: it is looked up with the account's key. */
  readonly apiKey: string | undefined;
  readonly cost: number;
  /** 0: a new request; otherwise the index under which it was routed before. */
  readonly requestIdx: number;
  /** Milliseconds within which a worker must be ready. */
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
  /** Called with the engine's report of its workers whenever none is ready. */
  readonly onNotReady: (engineStatus: string | undefined) => void;
}

/** Asks the engine for workers, with the key of each endpoint. */
export class Routing {
  readonly #engine: EngineAddress;
  readonly #account: Account;
  readonly #servers = new Workers({ none: true });
  readonly #fetch = pooledFetch(this.#servers);

  constructor(engine: EngineAddress) {
    this.#engine = engine;
    const { apiKey, webUrl } = engine;
    this.#account = new Account({ apiKey, webUrl, fetch: (...call) => unlimitedFetch(...call) });
  }

  /** Closes the connections to the engine. */
  close(): void {
    this.#servers.close();
  }

  /**
   * Names a worker as soon as one is ready.
   *
   * @throws {TsworkerError} `NO_WORKER_READY`, `ENGINE_UNREACHABLE`, `ENGINE_REFUSED`, `ENGINE_INVALID`.
   * @throws the signal's reason when it is aborted.
   */
  async workerFor({ apiKey, ...request }: RoutingRequest): Promise<AuthData> {
    const { endpoint, timeoutMs, signal } = request;
    const given = apiKey === undefined ? {} : { apiKey };
    const credentials =
      apiKey === undefined
        ? await this.#account.credentials(endpoint, { given, withinMs: timeoutMs, signal })
        : { apiKey };
    try {
      return await route({
        ...request,
        credentials,
        engineUrl: this.#engine.engineUrl,
        fetch: this.#fetch,
      });
    } catch (error) {
      // The key may have been replaced, or the endpoint created again.
      if (error instanceof TsworkerError && error.code === "ENGINE_REFUSED") this.#account.forget();
      throw error;
    }
  }
}
