import { Endpoint } from "./endpoint.js";

/** Options of a {@link Serverless}. */
export interface ServerlessOptions {
  /** The endpoint's API key. */
  readonly apiKey: string;
  /**
   * Base URL of the engine.
   * @default "https://run.vast.ai"
   */
  readonly engineUrl?: string;
  /**
   * The `fetch` to use. Node's own gives up when an answer takes longer than 5 minutes to begin: give one
   * with longer time-outs for slower models.
   * @default globalThis.fetch
   */
  readonly fetch?: typeof fetch;
}

/**
 * A client of the serverless engine: asks it for a worker and sends that worker the request. It needs nothing
 * but `fetch`.
 *
 * @example
 * ```ts
 * import { Serverless } from "tsworker/client";
 *
 * const endpoint = new Serverless({ apiKey }).endpoint("my-endpoint");
 * const answer = await endpoint.request("/v1/completions", { prompt: "Hello", max_tokens: 64, stream: true }, { cost: 64 });
 * for await (const event of answer.events()) {
 *   if (event !== "[DONE]") console.log(JSON.parse(event).choices[0].text);
 * }
 * ```
 */
export class Serverless {
  readonly #apiKey: string;
  readonly #engineUrl: string;
  readonly #fetch: typeof fetch;

  constructor({ apiKey, engineUrl = "https://run.vast.ai", fetch: given }: ServerlessOptions) {
    this.#apiKey = apiKey;
    this.#engineUrl = engineUrl;
    // A browser's fetch refuses to be called as a method of anything but the window.
    this.#fetch = given ?? ((...parameters) => globalThis.fetch(...parameters));
  }

  /** An endpoint by its name. Nothing is asked yet: whether it exists shows with the first request. */
  endpoint(name: string): Endpoint {
    return new Endpoint({ name, apiKey: this.#apiKey, engineUrl: this.#engineUrl, fetch: this.#fetch });
  }
}
