/**
 * Fields with the number of generated tokens: `usage` of OpenAI's and Anthropic's interfaces, TGI's `details`,
 * llama.cpp's own and its `timings`, Ollama. Quotes inside of a JSON string are escaped, so generated text never matches.
 */
const COUNT =
  /"(?:completion_tokens|output_tokens|generated_tokens|tokens_predicted|predicted_n|eval_count)"\s*:\s*(\d+)/g;

/**
 * The number of generated tokens that a response reports. The last field counts: in a stream it has the sum.
 *
 * @param text the response, or its end.
 * @returns undefined where it reports none.
 */
export function generatedTokens(text: string): number | undefined {
  const last = [...text.matchAll(COUNT)].at(-1)?.[1];
  return last === undefined ? undefined : Number(last);
}
