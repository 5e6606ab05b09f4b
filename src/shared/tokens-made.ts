/**
 * Where servers write how many tokens they made: `usage` of OpenAI's and Anthropic's interfaces, TGI's `details`,
 * llama.cpp's own and its `timings`, Ollama. Inside of a text of JSON the quotes have backslashes, so that no
 * generated text matches.
 */
const MADE =
  /"(?:completion_tokens|output_tokens|generated_tokens|tokens_predicted|predicted_n|eval_count)"\s*:\s*(\d+)/g;

/**
 * How many tokens an answer says it has; what stands last counts, as it does in a stream.
 *
 * @param text the answer, or its end.
 * @returns undefined: it says nothing.
 */
export function tokensMade(text: string): number | undefined {
  const last = [...text.matchAll(MADE)].at(-1)?.[1];
  return last === undefined ? undefined : Number(last);
}
