import { z } from "zod";
import { countTokens } from "../language/text.js";
import { jsonBody } from "../request.js";
import { RefusedRequest } from "../simulated-model.js";

/** A request to generate, checked. */
export interface TgiRequest {
  readonly inputs: string;
  readonly inputTokens: number;
  readonly maxNewTokens: number;
  /** Whether the text begins with the prompt. */
  readonly returnFullText: boolean;
  /** Whether the answer has details about its tokens. */
  readonly details: boolean;
}

interface Limits {
  readonly maxInputTokens: number;
  readonly maxTotalTokens: number;
}

const schema = z.object({
  inputs: z.string(),
  parameters: z
    .object({
      max_new_tokens: z.int().nullish(),
      temperature: z.number().nullish(),
      top_p: z.number().nullish(),
      do_sample: z.boolean().nullish(),
      return_full_text: z.boolean().nullish(),
      details: z.boolean().nullish(),
    })
    .nullish(),
});

/** Validates a request. @throws RefusedRequest 422 with TGI's message. */
export function tgiRequest(body: Buffer, { maxInputTokens, maxTotalTokens }: Limits): TgiRequest {
  const { inputs, parameters } = jsonBody(body, schema, 422);
  const { max_new_tokens, temperature, top_p, return_full_text, details } = parameters ?? {};
  const inputTokens = countTokens(inputs);
  const maxNewTokens = max_new_tokens ?? Math.min(100, maxTotalTokens - inputTokens);
  const refuse = (what: string): never => {
    throw new RefusedRequest(422, `Input validation error: ${what}`);
  };
  if (inputTokens === 0) refuse("`inputs` cannot be empty");
  if (typeof temperature === "number" && temperature <= 0) refuse("`temperature` must be strictly positive");
  if (typeof top_p === "number" && (top_p <= 0 || top_p >= 1)) refuse("`top_p` must be > 0.0 and < 1.0");
  if (inputTokens > maxInputTokens) {
    refuse(`\`inputs\` must have less than ${maxInputTokens} tokens. Given: ${inputTokens}`);
  }
  if (maxNewTokens <= 0) refuse("`max_new_tokens` must be strictly positive");
  if (inputTokens + maxNewTokens > maxTotalTokens) {
    const given = `Given: ${inputTokens} \`inputs\` tokens and ${maxNewTokens} \`max_new_tokens\``;
    refuse(`\`inputs\` tokens + \`max_new_tokens\` must be <= ${maxTotalTokens}. ${given}`);
  }
  return {
    inputs,
    inputTokens,
    maxNewTokens,
    returnFullText: return_full_text ?? false,
    details: details ?? false,
  };
}
