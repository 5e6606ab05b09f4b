import { TsworkerError } from "../shared/errors.js";
import { Semaphore } from "../shared/semaphore.js";
import { isHttpUrl } from "../shared/url.js";
import { Account } from "./account/account.js";
import { AccountCalls } from "./account/account-calls.js";
import { Endpoint } from "./endpoint.js";
import { unlimitedFetch } from "./fetch/unlimited-fetch.js";
import { rootCertificateUrl, type WorkerAuthorities, workerFetch } from "./fetch/worker-fetch.js";
import { environmentVariable } from "./node-platform.js";
import type { ClientContext } from "./request/client-request.js";

/** The web service of the hosted engines. */
const WEB_URL = "https://console.vast.ai";

/** Engines by name. */
const INSTANCES = {
  prod: "https://run.vast.ai",
  alpha: "https://run-alpha.vast.ai",
  candidate: "https://run-candidate.vast.ai",
  local: "http://127.0.0.1:8080",
} as const;

/** Number of requests whose latencies are kept. */
const LATENCIES = 50;

/** Options of a {@link Serverless}. */
export interface ServerlessOptions {
  /**
   * The account's API key, with which the keys of its endpoints are looked up; or an endpoint's own.
   * @default the environment variable `VAST_API_KEY`
   */
  readonly apiKey?: string | undefined;
  /**
   * The engine by name: `prod`, `alpha` and `candidate` are hosted, `local` is `http://127.0.0.1:8080`.
   * @default "prod"
   */
  readonly instance?: keyof typeof INSTANCES | undefined;
  /**
   * Base URL of the engine.
   * @default that of the `instance`, "https://run.vast.ai"
   */
  readonly engineUrl?: string | undefined;
  /**
   * Base URL of the web service, where the keys of the account's endpoints are looked up. `null`: no look-up, `apiKey`
   * is used itself.
   * @default "https://console.vast.ai" for the hosted engines; the engine's own URL for others
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
export class Serverless extends AccountCalls {
  readonly #context: Omit<ClientContext, "given">;
  readonly #latencies: number[] = [];

  /** @throws {TsworkerError} `CONFIG_INVALID`, with all errors. */
  constructor(options: ServerlessOptions = {}) {
    const { fetch: given, maxConcurrency = 100, workerCa } = options;
    const { apiKey, engineUrl, webUrl } = checkedEngineAddress(options, "the client's options");
    // A browser's fetch must not be called as a method of another object.
    const fetch: typeof globalThis.fetch = (input, init) => (given ?? unlimitedFetch)(input, init);
    const account = new Account({ apiKey, webUrl, fetch });
    super({ apiKey, engineUrl, webUrl, fetch, onChanged: () => account.forget() });
    this.#context = {
      fetch,
      workerFetch: given ? fetch : workerFetch(authoritiesOf(workerCa, webUrl)),
      engineUrl,
      account,
      concurrency: new Semaphore(maxConcurrency),
      recordLatency: (seconds) => {
        if (this.#latencies.push(seconds) > LATENCIES) this.#latencies.shift();
      },
    };
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
      ...this.#context,
      given: { ...(apiKey !== undefined && { apiKey }), ...(id !== undefined && { id }) },
    });
  }
}

/** An engine and what opens it. */
export interface EngineAddress {
  readonly apiKey: string;
  readonly engineUrl: string;
  /** Null: keys of endpoints are not looked up. */
  readonly webUrl: string | null;
}

/**
 * The options with their defaults.
 *
 * @param subject whose options they are.
 * @throws {TsworkerError} `CONFIG_INVALID`, with all errors.
 */
export function checkedEngineAddress(options: ServerlessOptions, subject: string): EngineAddress {
  const {
    apiKey = environmentVariable("VAST_API_KEY"),
    instance = "prod",
    maxConcurrency = 1,
    workerCa,
  } = options;
  const errors: string[] = [];
  const ofKey = apiKeyError(apiKey);
  if (ofKey !== undefined) errors.push(`apiKey: ${ofKey}`);
  if (!Object.hasOwn(INSTANCES, instance)) {
    errors.push(`instance: expected one of ${Object.keys(INSTANCES).join(", ")}, got ${instance}`);
  }
  const { engineUrl = INSTANCES[instance] ?? INSTANCES.prod } = options;
  if (!isHttpUrl(engineUrl)) errors.push(`engineUrl: expected a URL with http: or https:, got ${engineUrl}`);
  // The key of another engine is not sent to the hosted service.
  const isHosted = engineUrl !== INSTANCES.local && Object.values<string>(INSTANCES).includes(engineUrl);
  const { webUrl = isHosted ? WEB_URL : engineUrl } = options;
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
  if (errors.length === 0) return { apiKey: apiKey ?? "", engineUrl, webUrl };
  throw new TsworkerError("CONFIG_INVALID", `${subject} are invalid: ${errors.join("; ")}`);
}

/** The error never contains the key. Undefined: the key is valid. */
function apiKeyError(apiKey: unknown): string | undefined {
  if (typeof apiKey !== "string" || apiKey === "") {
    const got = apiKey === "" ? "an empty one" : typeof apiKey;
    return `expected a text that is not empty, got ${got}${apiKey === undefined ? " and no VAST_API_KEY" : ""}`;
  }
  return /^[!-~](?:[ -~]*[!-~])?$/.test(apiKey)
    ? undefined
    : "expected printable ASCII without white space at its ends, got other characters";
}

/** Who signs the certificates of workers. */
export function authoritiesOf(ca: ServerlessOptions["workerCa"], webUrl: string | null): WorkerAuthorities {
  if (ca !== null && ca !== undefined) return { pem: [ca].flat() };
  const url = ca === null || webUrl === null ? undefined : rootCertificateUrl(webUrl);
  return url === undefined ? { none: true } : { url };
}
