import { TsworkerError } from "../shared/errors.js";
import { Account } from "./account/account.js";
import { keyFault } from "./account/key-fault.js";
import { Endpoint } from "./endpoint.js";
import { isHttpUrl } from "./request/is-http-url.js";
import { patientFetch } from "./request/patient-fetch.js";
import { Places } from "./request/places.js";

/** Where the service itself is. */
const ENGINE_URL = "https://run.vast.ai";
const WEB_URL = "https://console.vast.ai";

/** Options of a {@link Serverless}. */
export interface ServerlessOptions {
  /** The account's API key, by which the endpoints' own keys are looked up; or an endpoint's own. */
  readonly apiKey: string;
  /**
   * Base URL of the engine.
   * @default "https://run.vast.ai"
   */
  readonly engineUrl?: string | undefined;
  /**
   * Base URL of the web service that knows the account's endpoints and their keys. `null`: nothing is looked up, and
   * `apiKey` is used itself.
   * @default "https://console.vast.ai", or the engine's own URL where another engine than the default is named
   */
  readonly webUrl?: string | null | undefined;
  /**
   * Requests at once; further ones wait in a line. A stream counts until it has ended or was left. Integer of at least 1.
   * @default 100
   */
  readonly maxConcurrency?: number | undefined;
  /**
   * The `fetch` to use, with whatever limits it has. The default has none: what ends a request is its `timeoutMs`.
   * @default globalThis.fetch, without the 5 minutes after which those of Node.js and Bun give up
   */
  readonly fetch?: typeof fetch | undefined;
}

/** What is known of an endpoint, and need not be looked up. */
export interface EndpointOptions {
  /** The endpoint's own key. */
  readonly apiKey?: string | undefined;
  /** The endpoint's id at the engine. */
  readonly id?: number | undefined;
}

/**
 * A client of the serverless engine: asks it for a worker and sends that worker the request. It needs nothing
 * but `fetch`, holds nothing open, and shows no worker a key.
 *
 * @example
 * ```ts
 * import { Serverless } from "tsworker/client";
 *
 * const endpoint = new Serverless({ apiKey }).endpoint("my-endpoint");
 * const payload = { prompt: "Hello", max_tokens: 64, stream: true };
 * const stream = await endpoint.request<Chunk>("/v1/completions", payload, { cost: 64, stream: true });
 * for await (const chunk of stream) console.log(chunk.choices[0].text);
 * ```
 */
export class Serverless {
  readonly #engineUrl: string;
  readonly #fetch: typeof fetch;
  readonly #account: Account;
  readonly #places: Places;

  /** @throws {TsworkerError} `CONFIG_INVALID`, with all faults at once. */
  constructor(options: ServerlessOptions) {
    const { apiKey, engineUrl = ENGINE_URL, maxConcurrency = 100, fetch: given } = options;
    // Another engine's key is not shown to the service.
    const { webUrl = engineUrl === ENGINE_URL ? WEB_URL : engineUrl } = options;
    check({ apiKey, engineUrl, webUrl, maxConcurrency });
    this.#engineUrl = engineUrl;
    // A browser's fetch refuses to be called as a method of anything but the window.
    this.#fetch = (...parameters) => (given ?? patientFetch)(...parameters);
    this.#account = new Account({ apiKey, webUrl, fetch: this.#fetch });
    this.#places = new Places(maxConcurrency);
  }

  /**
   * An endpoint by its name. Nothing is asked yet: whether it exists shows with the first request.
   *
   * @throws {TsworkerError} `CONFIG_INVALID` for a key that can be none.
   */
  endpoint(name: string, { apiKey, id }: EndpointOptions = {}): Endpoint {
    const fault = apiKey === undefined ? undefined : keyFault(apiKey);
    if (fault !== undefined) {
      throw new TsworkerError("CONFIG_INVALID", `the endpoint's options are at fault: apiKey: ${fault}`);
    }
    return new Endpoint(name, {
      fetch: this.#fetch,
      engineUrl: this.#engineUrl,
      places: this.#places,
      account: this.#account,
      given: { ...(apiKey !== undefined && { apiKey }), ...(id !== undefined && { id }) },
    });
  }
}

function check(options: ServerlessOptions): void {
  const { apiKey, engineUrl, webUrl, maxConcurrency = 1 } = options;
  const faults: string[] = [];
  const ofKey = keyFault(apiKey);
  if (ofKey !== undefined) faults.push(`apiKey: ${ofKey}`);
  if (!isHttpUrl(engineUrl)) faults.push(`engineUrl: expected a URL with http: or https:, got ${engineUrl}`);
  if (webUrl !== null && webUrl !== engineUrl && !isHttpUrl(webUrl)) {
    faults.push(`webUrl: expected a URL with http: or https:, or null, got ${webUrl}`);
  }
  if (!Number.isInteger(maxConcurrency) || maxConcurrency < 1) {
    faults.push(`maxConcurrency: expected an integer of at least 1, got ${maxConcurrency}`);
  }
  if (faults.length === 0) return;
  throw new TsworkerError("CONFIG_INVALID", `the client's options are at fault: ${faults.join("; ")}`);
}
