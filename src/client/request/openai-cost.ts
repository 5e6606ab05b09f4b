import type { Payload } from "../../shared/wire.js";

/** Cost of a request that names no number of tokens: that of any request for which nothing is said. */
const USUAL = 100;

/** Workload of an OpenAI request: the tokens that it asks for at most. */
export function openaiCost({ max_completion_tokens, max_tokens, max_output_tokens }: Payload): number {
  const asked = [max_completion_tokens, max_tokens, max_output_tokens].find(
    (tokens) => typeof tokens === "number" && Number.isFinite(tokens) && tokens >= 0,
  );
  return typeof asked === "number" ? asked : USUAL;
}
