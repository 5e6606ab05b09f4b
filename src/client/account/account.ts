import { askJson } from "../request/ask-json.js";
import { fieldsOf } from "../request/fields-of.js";
import { Limit } from "../request/limit.js";
import { unlessAborted } from "../request/unless-aborted.js";
import { urlAt } from "../request/url-at.js";

interface AccountInput {
  readonly apiKey: string;
  /** Null: nothing is looked up. */
  readonly webUrl: string | null;
  readonly fetch: typeof fetch;
}

/** What opens an endpoint. */
export interface Credentials {
  readonly apiKey: string;
  /** Undefined where it is not known. */
  readonly id?: number;
  /** Why the given key is used, and not one that was looked up; undefined where it was. */
  readonly doubt?: string;
}

/** How an endpoint's credentials are to be found. */
interface Finding {
  /** What the caller knows of them, which goes before what is looked up. */
  readonly given: Partial<Credentials>;
  readonly withinMs: number;
  readonly signal: AbortSignal | undefined;
}

/** What a look-up found: the endpoints by their names, or why there are none. */
interface LookUp {
  readonly endpoints: ReadonlyMap<string, Credentials>;
  readonly doubt: string;
  /** On the clock of `performance.now()`. */
  readonly at: number;
}

/** Milliseconds that a look-up may take. */
const WITHIN_MS = 5_000;
/** Milliseconds after which a name that was not found is looked up again. */
const KEPT_MS = 30_000;

/**
 * The account that a key belongs to: finds the endpoints' own keys and ids. What it finds is kept, and requests that
 * come meanwhile share one look-up. Where there is nothing to be found the given key is used itself: it may well be the
 * endpoint's own.
 */
export class Account {
  readonly #input: AccountInput;
  #lookUp: LookUp | undefined;
  #lookingUp: Promise<LookUp> | undefined;

  constructor(input: AccountInput) {
    this.#input = input;
  }

  /**
   * What opens the endpoint of that name.
   *
   * @throws the signal's reason when it is aborted.
   */
  async credentials(name: string, { given, signal, withinMs }: Finding): Promise<Credentials> {
    const { webUrl } = this.#input;
    const { apiKey = this.#input.apiKey } = given;
    if (webUrl === null || (given.apiKey !== undefined && given.id !== undefined))
      return { apiKey, ...given };
    const kept = this.#kept(name);
    if (kept) return { ...(kept.endpoints.get(name) ?? { apiKey, doubt: kept.doubt }), ...given };
    // The look-up has its own limit, which is over first and says more.
    const limit = new Limit(Math.min(withinMs, 2 * WITHIN_MS), signal);
    try {
      const { endpoints, doubt } = await unlessAborted(this.#found(webUrl), limit.signal);
      return { ...(endpoints.get(name) ?? { apiKey, doubt }), ...given };
    } catch {
      signal?.throwIfAborted();
      return { apiKey, ...given, doubt: `the web service at ${webUrl} did not answer in time` };
    } finally {
      limit.release();
    }
  }

  /** Forgets what was found, after a key of it was refused. */
  forget(): void {
    this.#lookUp = undefined;
  }

  /** What is known of that name; undefined: it has to be looked up. */
  #kept(name: string): LookUp | undefined {
    const kept = this.#lookUp;
    return kept && (kept.endpoints.has(name) || performance.now() - kept.at < KEPT_MS) ? kept : undefined;
  }

  /** Never rejects. */
  #found(webUrl: string): Promise<LookUp> {
    this.#lookingUp ??= this.#ask(webUrl).then((found) => {
      this.#lookUp = found;
      this.#lookingUp = undefined;
      return found;
    });
    return this.#lookingUp;
  }

  async #ask(webUrl: string): Promise<LookUp> {
    const { apiKey, fetch } = this.#input;
    const url = urlAt(webUrl, "api/v0/endptjobs/?client_id=me");
    const none = (doubt: string): LookUp => ({ endpoints: new Map(), doubt, at: performance.now() });
    try {
      const asked = await askJson({ fetch, whom: "the web service", url, apiKey, withinMs: WITHIN_MS });
      if ("failure" in asked) return none(asked.failure.message);
      const endpoints = endpointsOf(asked.json);
      const names = [...endpoints.keys()].map((name) => `"${name}"`).join(", ") || "none";
      return { ...none(`the endpoints of this key's account are: ${names}`), endpoints };
    } catch (error) {
      return none(error instanceof Error ? error.message : String(error));
    }
  }
}

/** Only what opens an endpoint is looked at. */
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
