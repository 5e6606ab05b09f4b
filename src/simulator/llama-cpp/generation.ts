import type { Prompt } from "./prompts.js";

/** A request to continue one or more prompts. */
export interface GenerationRequest {
  readonly prompts: readonly Prompt[];
  /** Most tokens to generate; undefined: until the model ends the text. */
  readonly maxTokens: number | undefined;
  /** Whether the model does not end the text by itself. */
  readonly ignoreEos: boolean;
  readonly stream: boolean;
  /** Whether a chat's stream ends with an event about the usage. */
  readonly includeUsage: boolean;
  /** Whether the answer has the probabilities of the tokens. */
  readonly logprobs: boolean;
}

/** A token, as answers have it. */
export interface Token {
  readonly id: number;
  readonly piece: string;
}

interface GenerationInput {
  /** Ids of a request's generations are the same. */
  readonly id: string;
  readonly model: string;
  /** Place of the prompt in its request. */
  readonly index: number;
  readonly prompt: Prompt;
  readonly request: GenerationRequest;
}

/** The continuation of one prompt, as far as it has been generated. */
export class Generation {
  readonly id: string;
  readonly model: string;
  readonly index: number;
  readonly prompt: Prompt;
  readonly request: GenerationRequest;
  readonly tokens: Token[] = [];
  slot = 0;
  /** Tokens of the prompt that a slot still had. */
  cached = 0;
  /** Why it ended. */
  stop: "none" | "limit" | "eos" = "none";
  /** Whether the context ended it. */
  isTruncated = false;
  /** On the clock of `performance.now()`. */
  readonly #time = { start: 0, first: 0, last: 0 };

  constructor({ id, model, index, prompt, request }: GenerationInput) {
    this.id = id;
    this.model = model;
    this.index = index;
    this.prompt = prompt;
    this.request = request;
  }

  get text(): string {
    return this.tokens.map(({ piece }) => piece).join("");
  }

  /** Its request has got a slot. */
  begin(slot: number, cached: number): void {
    this.slot = slot;
    this.cached = cached;
    this.#time.start = performance.now();
  }

  add(token: Token): void {
    this.#time.last = performance.now();
    if (this.tokens.length === 0) this.#time.first = this.#time.last;
    this.tokens.push(token);
  }

  get usage() {
    const [prompt, completion] = [this.prompt.tokens.length, this.tokens.length];
    return {
      completion_tokens: completion,
      prompt_tokens: prompt,
      total_tokens: prompt + completion,
      prompt_tokens_details: { cached_tokens: this.cached },
    };
  }

  get timings() {
    const { start, first, last } = this.#time;
    return {
      cache_n: this.cached,
      ...measured("prompt", this.prompt.tokens.length - this.cached, first - start),
      ...measured("predicted", this.tokens.length, last - first),
    };
  }
}

function measured(name: string, count: number, ms: number) {
  return {
    [`${name}_n`]: count,
    [`${name}_ms`]: ms,
    [`${name}_per_token_ms`]: count === 0 ? 0 : ms / count,
    [`${name}_per_second`]: ms === 0 ? 0 : (1000 * count) / ms,
  };
}
