import { TsworkerError } from "../shared/errors.js";
import { isHttpUrl } from "../shared/url.js";
import { Account } from "./account/account.js";
import { Endpoint } from "./endpoint.js";
import { unlimitedFetch } from "./fetch/unlimited-fetch.js";
import { rootCertificateUrl, type WorkerAuthorities, workerFetch } from "./fetch/worker-fetch.js";
import { ConcurrencyLimit } from "./request/concurrency-limit.js";

/** The hosted service. */
const ENGINE_URL = "https://run.vast.ai";
const WEB_URL = "https://console.vast.ai";

/** Number of requests whose latencies are kept. */
const LATENCIES = 50;

/** Options of a {@link Serverless}. */
export interface ServerlessOptions {
  /** The account's API key, with which the keys of its endpoints are looked up; or an endpoint's own. */
  readonly apiKey: string;
  /**
   * Base URL of the engine.
   * @default "https://run.vast.ai"
   */
  readonly engineUrl?: string | undefined;
  /**
   * Base URL of the web service, where the keys of the account's endpoints are looked up. `null`: no look-up, `apiKey`
   * is used itself.
   * @default "https://console.vast.ai"; the `engineUrl` where that is not the default
   */
  readonly webUrl?: string | null | undefined;
  /**
   * Maximum number of concurrent requests; further ones wait in a line. A stream counts until it has ended or its reader
   * has left. Integer of at least 1.
   * @default 100
   */
  readonly maxConcurrency?: number | undefined;
  /**
   * Certificates, in PEM, of the authorities that sign the certificates of workers with HTTPS, which are then trusted besides
   * the usual ones. `null`: only those. In Node.js 20.16 or newer, without a `fetch` of one's own.
   * @default the root certificate of the hosted service's workers, fetched from `<webUrl>/static/jvastai_root.cer` before the
   * first request to such a worker; none where `webUrl` is `null`, or neither HTTPS nor a loopback address
   */
  readonly workerCa?: string | readonly string[] | null | undefined;
  /**
   * The `fetch` to use, with its own time limits. The default has none: `timeoutMs` alone limits a request.
   * @default globalThis.fetch, without the limits of 5 minutes in Node.js and Bun
   */
  readonly fetch?: typeof fetch | undefined;
}

/** Credentials of an endpoint, which are then not looked up. */
export interface EndpointOptions {
  /** The endpoint's own key. */
  readonly apiKey?: string | undefined;
  /** The endpoint's id at the engine. */
  readonly id?: number | undefined;
}

/**
 * A client of the serverless engine: asks it for a worker and sends that worker the request. It requires only `fetch`,
 * keeps no connection or timer between requests, and sends no key to a worker.
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
  readonly #workerFetch: typeof fetch;
  readonly #account: Account;
  readonly #concurrency: ConcurrencyLimit;
  readonly #latencies: number[] = [];

  /** @throws {TsworkerError} `CONFIG_INVALID`, with all errors. */
  constructor(options: ServerlessOptions) {
    const { apiKey, engineUrl = ENGINE_URL, maxConcurrency = 100, workerCa, fetch: given } = options;
    // The key of another engine is not sent to the hosted service.
    const { webUrl = engineUrl === ENGINE_URL ? WEB_URL : engineUrl } = options;
    check({ apiKey, engineUrl, webUrl, maxConcurrency, workerCa });
    this.#engineUrl = engineUrl;
    // A browser's fetch must not be called as a method of another object.
    this.#fetch = given
      ? (...parameters) => given(...parameters)
      : (input, init) => unlimitedFetch(input, init);
    this.#workerFetch = given ? this.#fetch : workerFetch(authoritiesOf(workerCa, webUrl));
    this.#account = new Account({ apiKey, webUrl, fetch: this.#fetch });
    this.#concurrency = new ConcurrencyLimit(maxConcurrency);
  }

  /** Seconds between sending a request to a worker and its whole answer, of the last 50 requests, oldest first. */
  get latencies(): readonly number[] {
    return [...this.#latencies];
  }

  /**
   * An endpoint by name. Whether it exists is checked by the first request.
   *
   * @throws {TsworkerError} `CONFIG_INVALID` for an invalid key.
   */
  endpoint(name: string, { apiKey, id }: EndpointOptions = {}): Endpoint {
    const error = apiKey === undefined ? undefined : apiKeyError(apiKey);
    if (error !== undefined) {
      throw new TsworkerError("CONFIG_INVALID", `the endpoint's options are invalid: apiKey: ${error}`);
    }
    return new Endpoint(name, {
      fetch: this.#fetch,
      workerFetch: this.#workerFetch,
      engineUrl: this.#engineUrl,
      concurrency: this.#concurrency,
      account: this.#account,
      recordLatency: (seconds) => {
        if (this.#latencies.push(seconds) > LATENCIES) this.#latencies.shift();
      },
      given: { ...(apiKey !== undefined && { apiKey }), ...(id !== undefined && { id }) },
    });
  }
}

function check(options: ServerlessOptions): void {
  const { apiKey, engineUrl, webUrl, maxConcurrency = 1, workerCa } = options;
  const errors: string[] = [];
  const ofKey = apiKeyError(apiKey);
  if (ofKey !== undefined) errors.push(`apiKey: ${ofKey}`);
  if (!isHttpUrl(engineUrl)) errors.push(`engineUrl: expected a URL with http: or https:, got ${engineUrl}`);
  if (webUrl !== null && webUrl !== engineUrl && !isHttpUrl(webUrl)) {
    errors.push(`webUrl: expected a URL with http: or https:, or null, got ${webUrl}`);
  }
  if (!Number.isInteger(maxConcurrency) || maxConcurrency < 1) {
    errors.push(`maxConcurrency: expected an integer of at least 1, got ${maxConcurrency}`);
  }
  for (const pem of [workerCa ?? []].flat()) {
    if (typeof pem === "string" && pem.includes("-----BEGIN CERTIFICATE-----")) continue;
    errors.push("workerCa: expected certificates in PEM, got something else");
  }
  if (errors.length === 0) return;
  throw new TsworkerError("CONFIG_INVALID", `the client's options are invalid: ${errors.join("; ")}`);
}

/** The error never contains the key. Undefined: the key is valid. */
function apiKeyError(apiKey: unknown): string | undefined {
  if (typeof apiKey !== "string" || apiKey === "") {
    return `expected a text that is not empty, got ${apiKey === "" ? "an empty one" : typeof apiKey}`;
  }
  return /^[!-~](?:[ -~]*[!-~])?$/.test(apiKey)
    ? undefined
    : "expected printable ASCII without white space at its ends, got other characters";
}

function authoritiesOf(ca: ServerlessOptions["workerCa"], webUrl: string | null): WorkerAuthorities {
  if (ca !== null && ca !== undefined) return { pem: [ca].flat() };
  const url = ca === null || webUrl === null ? undefined : rootCertificateUrl(webUrl);
  return url === undefined ? { none: true } : { url };
}
