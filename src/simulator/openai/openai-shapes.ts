import { countTokens } from "../language/count-tokens.js";
import type { GenerationRequest } from "./generation-request.js";

/** What all bodies about one generation have in common. */
export interface Generated {
  readonly id: string;
  /** Epoch seconds. */
  readonly created: number;
  readonly model: string;
  readonly request: GenerationRequest;
}

/** The body of an answer that is not streamed. */
export function completionBody({ id, created, model, request }: Generated, text: string, tokens: number) {
  const choice =
    request.kind === "chat" ? { message: { role: "assistant", content: text, tool_calls: [] } } : { text };
  return {
    id,
    object: request.kind === "chat" ? "chat.completion" : "text_completion",
    created,
    model,
    choices: [{ index: 0, ...choice, logprobs: null, finish_reason: "length" }],
    usage: usage(request, tokens),
  };
}

/** One event of a stream. `finish` is true for the last one with a choice. */
export function chunk({ id, created, model, request }: Generated, text: string, finish: boolean) {
  const content =
    request.kind === "chat" ? { delta: finish ? {} : { content: text } } : { text: finish ? "" : text };
  return {
    id,
    object: request.kind === "chat" ? "chat.completion.chunk" : "text_completion",
    created,
    model,
    choices: [{ index: 0, ...content, logprobs: null, finish_reason: finish ? "length" : null }],
  };
}

/** The event that opens a stream of a chat. */
export function roleChunk(generated: Generated) {
  const opening = chunk(generated, "", false);
  return { ...opening, choices: [{ ...opening.choices[0], delta: { role: "assistant", content: "" } }] };
}

/** The event without a choice that tells the usage, for `stream_options.include_usage`. */
export function usageChunk(generated: Generated, tokens: number) {
  return { ...chunk(generated, "", true), choices: [], usage: usage(generated.request, tokens) };
}

function usage(request: GenerationRequest, tokens: number) {
  const promptTokens = countTokens(request.prompt);
  return {
    prompt_tokens: promptTokens,
    completion_tokens: tokens,
    total_tokens: promptTokens + tokens,
  };
}
