import type { Payload } from "../wire.js";

/**
 * Where servers write how many tokens they made: `usage` of OpenAI's and Anthropic's interfaces, TGI's `details`,
 * llama.cpp's own and its `timings`, Ollama. Inside of a text of JSON the quotes have backslashes, so that no
 * generated text matches.
 */
const MADE =
  /"(?:completion_tokens|output_tokens|generated_tokens|tokens_predicted|predicted_n|eval_count)"\s*:\s*(\d+)/g;

/** Where payloads say how many tokens may be made, the one that takes precedence first. */
const LIMITS: readonly (readonly [field: string, inner?: string])[] = [
  ["max_completion_tokens"],
  ["max_tokens"],
  ["max_output_tokens"],
  ["n_predict"],
  ["parameters", "max_new_tokens"],
  ["sampling_params", "max_new_tokens"],
  ["options", "num_predict"],
];

/** How many tokens an answer says it has; of a stream its last word. @param end of the answer. */
export function tokensMade(end: string): number | undefined {
  const last = [...end.matchAll(MADE)].at(-1)?.[1];
  return last === undefined ? undefined : Number(last);
}

/**
 * The payload as if it had asked for the tokens that were made, where those are fewer: what was done is its workload,
 * in whatever units the handler counts.
 *
 * @param made tokens of all completions that it asked for together.
 */
export function asIfAskedFor(payload: Payload, made: number): Payload {
  const each = Math.ceil(made / completionsOf(payload));
  for (const [field, inner] of LIMITS) {
    const value = payload[field];
    if (inner === undefined) {
      if (isLimit(value)) return each < value ? { ...payload, [field]: each } : payload;
    } else if (typeof value === "object" && value !== null) {
      const limit: unknown = Reflect.get(value, inner);
      if (isLimit(limit))
        return each < limit ? { ...payload, [field]: { ...value, [inner]: each } } : payload;
    }
  }
  return payload;
}

const isLimit = (value: unknown): value is number => typeof value === "number" && value > 0;

/** How many completions a payload asks for: `n` for each prompt. A list of numbers is one prompt, in tokens. */
function completionsOf({ n, prompt }: Payload): number {
  const prompts = Array.isArray(prompt) && typeof prompt[0] !== "number" ? prompt.length : 1;
  return Math.max(1, prompts) * (typeof n === "number" && n > 1 ? n : 1);
}
