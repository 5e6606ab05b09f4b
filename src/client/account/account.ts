import { urlAt } from "../../shared/url.js";
import { abortable, TimeLimit } from "../request/abort.js";
import { fieldsOf } from "../request/http-response.js";
import { callJson } from "../request/json-call.js";

interface AccountInput {
  readonly apiKey: string;
  /** Null: no look-up. */
  readonly webUrl: string | null;
  readonly fetch: typeof fetch;
}

/** An endpoint's key and id. */
export interface Credentials {
  readonly apiKey: string;
  /** Undefined: unknown. */
  readonly id?: number;
  /** Why the look-up found no key of the endpoint; undefined: it did. */
  readonly lookUpError?: string;
}

interface CredentialsInput {
  /** Credentials given by the caller, which take precedence. */
  readonly given: Partial<Credentials>;
  readonly withinMs: number;
  readonly signal: AbortSignal | undefined;
}

/** The endpoints of the account by name, or the error. */
interface LookUp {
  readonly endpoints: ReadonlyMap<string, Credentials>;
  readonly error: string;
  /** Of `performance.now()`. */
  readonly at: number;
}

/** Time limit of a look-up, in milliseconds. */
const LOOK_UP_MS = 5_000;
/** Milliseconds until a name that was not found is looked up again. */
const NOT_FOUND_TTL_MS = 30_000;

/**
 * Looks up the keys and ids of the endpoints of an account. The result is cached, and concurrent requests share one
 * look-up. Where no key is found the given one is used, because it may be the endpoint's own.
 */
export class Account {
  readonly #input: AccountInput;
  #lookUp: LookUp | undefined;
  #pending: Promise<LookUp> | undefined;

  constructor(input: AccountInput) {
    this.#input = input;
  }

  /**
   * Credentials of an endpoint.
   *
   * @throws the signal's reason when it is aborted.
   */
  async credentials(name: string, { given, signal, withinMs }: CredentialsInput): Promise<Credentials> {
    const { webUrl } = this.#input;
    const { apiKey = this.#input.apiKey } = given;
    if (webUrl === null || (given.apiKey !== undefined && given.id !== undefined))
      return { apiKey, ...given };
    const cached = this.#cached(name);
    if (cached) return { ...(cached.endpoints.get(name) ?? { apiKey, lookUpError: cached.error }), ...given };
    // The look-up has a shorter limit of its own, with a more precise error.
    const limit = new TimeLimit(Math.min(withinMs, 2 * LOOK_UP_MS), signal);
    try {
      const { endpoints, error } = await abortable(this.#sharedLookUp(webUrl), limit.signal);
      return { ...(endpoints.get(name) ?? { apiKey, lookUpError: error }), ...given };
    } catch {
      signal?.throwIfAborted();
      return { apiKey, ...given, lookUpError: `the web service at ${webUrl} did not answer in time` };
    } finally {
      limit.release();
    }
  }

  /** Clears the cache, after one of its keys was refused. */
  forget(): void {
    this.#lookUp = undefined;
  }

  /** Undefined: the name has to be looked up. */
  #cached(name: string): LookUp | undefined {
    const cached = this.#lookUp;
    if (cached === undefined) return undefined;
    const isFresh = performance.now() - cached.at < NOT_FOUND_TTL_MS;
    return cached.endpoints.has(name) || isFresh ? cached : undefined;
  }

  /** Never rejects. */
  #sharedLookUp(webUrl: string): Promise<LookUp> {
    this.#pending ??= this.#query(webUrl).then((lookUp) => {
      this.#lookUp = lookUp;
      this.#pending = undefined;
      return lookUp;
    });
    return this.#pending;
  }

  async #query(webUrl: string): Promise<LookUp> {
    const { apiKey, fetch } = this.#input;
    const url = urlAt(webUrl, "api/v0/endptjobs/?client_id=me");
    const none = (error: string): LookUp => ({ endpoints: new Map(), error, at: performance.now() });
    try {
      const result = await callJson({ fetch, server: "the web service", url, apiKey, withinMs: LOOK_UP_MS });
      if ("failure" in result) return none(result.failure.message);
      const endpoints = endpointsOf(result.json);
      const names = [...endpoints.keys()].map((name) => `"${name}"`).join(", ") || "none";
      return { ...none(`the endpoints of this key's account are: ${names}`), endpoints };
    } catch (error) {
      return none(error instanceof Error ? error.message : String(error));
    }
  }
}

function endpointsOf(json: unknown): ReadonlyMap<string, Credentials> {
  const { results } = fieldsOf(json);
  const found = new Map<string, Credentials>();
  for (const each of Array.isArray(results) ? results : []) {
    const { id, endpoint_name: name, api_key: apiKey } = fieldsOf(each);
    if (typeof name !== "string" || typeof apiKey !== "string") continue;
    found.set(name, { apiKey, ...(typeof id === "number" && { id }) });
  }
  return found;
}
