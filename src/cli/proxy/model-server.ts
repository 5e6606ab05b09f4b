import { setTimeout as delay } from "node:timers/promises";
import { errorMessage } from "../../shared/errors.js";
import { isTimeout, withTimeLimit } from "../../shared/time-limit.js";
import { benchmarkChat } from "./openai-routes.js";

/** Milliseconds between two attempts, and for an answer. */
const PAUSE_MS = 500;
const ANSWER_MS = 10_000;
/** Milliseconds for the first chat, in which some servers load the model. */
const CHAT_MS = 600_000;

/** Models whose names say that they do not chat. */
const NO_CHAT = /embed|rerank|whisper|(?:^|[-/_])(?:bge|e5|gte|tts|clip|stable-diffusion|flux)(?:[-/_.:]|$)/i;

export interface ModelServerOptions {
  /** Base URL, without `/v1`. */
  readonly url: string;
  readonly key: string | undefined;
  /** Path that is answered with 200 when the model is ready; undefined: it is found out. */
  readonly health: string | undefined;
}

/** The server with OpenAI's API behind a proxy. */
export class ModelServer {
  readonly #url: string;
  readonly #headers: Readonly<Record<string, string>>;
  readonly #health: string | undefined;

  constructor({ url, key, health }: ModelServerOptions) {
    // What fetch does not take in a URL.
    const { username, password } = new URL(url);
    const bare = new URL(url);
    bare.username = "";
    bare.password = "";
    const basic = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
    this.#url = bare.href.replace(/\/$/, "");
    this.#headers = {
      ...(key !== undefined && { authorization: `Bearer ${key}` }),
      ...(username !== "" && { authorization: `Basic ${Buffer.from(basic).toString("base64")}` }),
    };
    this.#health = health;
  }

  /**
   * The path that shows whether the server is healthy: `/health` if there is one, and the list of models otherwise, which Ollama
   * and LM Studio have. While the server does not answer it is the list, which all have.
   */
  async healthPath(): Promise<string> {
    if (this.#health !== undefined) return this.#health;
    const status = await this.#status("/health", AbortSignal.timeout(ANSWER_MS));
    return status === 200 || status === 503 ? "/health" : "/v1/models";
  }

  /**
   * Waits until the server is ready.
   *
   * @param onWait is called with what it waits for, when that changes.
   * @returns the names of its models; none where it does not list them.
   */
  async ready(signal: AbortSignal, onWait: (reason: string) => void): Promise<readonly string[]> {
    let last: string | undefined;
    for (;;) {
      const found = await withTimeLimit(ANSWER_MS, signal, (limited) => this.#look(limited));
      if (typeof found !== "string") return found;
      signal.throwIfAborted();
      if (found !== last) onWait(found);
      last = found;
      await delay(PAUSE_MS, undefined, { signal });
    }
  }

  /** Sends a small chat. @returns undefined if it was answered, and otherwise the reason. */
  async chatFault(model: string | undefined, signal: AbortSignal): Promise<string | undefined> {
    try {
      return await withTimeLimit(CHAT_MS, signal, async (limited) => {
        const response = await fetch(`${this.#url}/v1/chat/completions`, {
          method: "POST",
          headers: { ...this.#headers, "content-type": "application/json" },
          body: JSON.stringify({ ...benchmarkChat(model), max_tokens: 1 }),
          signal: limited,
        });
        const text = await response.text();
        return response.ok
          ? undefined
          : `${response.status} ${text.slice(0, 200).replaceAll(/\s+/g, " ")}`.trim();
      });
    } catch (error) {
      return reasonOf(error);
    }
  }

  /** The models, or what is missing. */
  async #look(signal: AbortSignal): Promise<readonly string[] | string> {
    const path = this.#health ?? "/health";
    const status = await this.#status(path, signal);
    if (typeof status === "string") return status;
    // A server without such a path answers 404, or asks for a key.
    const isLoading = this.#health === undefined ? status >= 500 : status !== 200;
    if (isLoading) return `${path} answers ${status}`;
    try {
      const response = await fetch(`${this.#url}/v1/models`, { headers: this.#headers, signal });
      const text = await response.text();
      if (response.ok) return modelsIn(text);
      if (status === 200 && response.status === 404) return [];
      const advice =
        response.status === 401 || response.status === 403 ? ": name its key with --model-key" : "";
      return `/v1/models answers ${response.status}${advice}`;
    } catch (error) {
      return reasonOf(error);
    }
  }

  /** The status of an answer, or the reason why there is none. */
  async #status(path: string, signal: AbortSignal): Promise<number | string> {
    try {
      const response = await fetch(this.#url + path, { headers: this.#headers, signal });
      await response.body?.cancel();
      return response.status;
    } catch (error) {
      return reasonOf(error);
    }
  }
}

/** The model to measure: the first that may chat. */
export const chatModel = (models: readonly string[]): string | undefined =>
  models.find((name) => !NO_CHAT.test(name)) ?? models[0];

function modelsIn(text: string): readonly string[] {
  try {
    const { data } = JSON.parse(text) as { readonly data?: unknown };
    if (!Array.isArray(data)) return [];
    return data
      .map((each: unknown) =>
        typeof each === "object" && each !== null && "id" in each ? each.id : undefined,
      )
      .filter((id) => typeof id === "string");
  } catch {
    return [];
  }
}

/** The cause of a failed fetch has the reason. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (isTimeout(error)) return "no answer in time";
  const { cause } = error;
  const code = typeof cause === "object" && cause !== null && "code" in cause ? cause.code : undefined;
  return code === "ECONNREFUSED"
    ? "connection refused"
    : errorMessage(cause instanceof Error ? cause : error);
}
