import type { Payload } from "../../shared/wire.js";

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
