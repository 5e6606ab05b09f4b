import { z } from "zod";

/** A completion or chat request. */
export interface GenerationRequest {
  readonly kind: "completion" | "chat";
  /** The model that it names. */
  readonly model: string | null | undefined;
  readonly prompt: string;
  readonly maxTokens: number;
  readonly stream: boolean;
  /** Whether a stream ends with a chunk about the usage. */
  readonly includeUsage: boolean;
}

const maxTokens = z.int().positive().max(1_000_000).nullish();

const common = z.object({
  model: z.string().nullish(),
  stream: z.boolean().nullish(),
  stream_options: z.object({ include_usage: z.boolean().nullish() }).nullish(),
  max_tokens: maxTokens,
});

/** Body of a completion request. */
export const completionSchema = common.extend({
  prompt: z.union([z.string(), z.array(z.string()).min(1), z.array(z.int()).min(1)]),
});

/** Body of a chat request. */
export const chatSchema = common.extend({
  messages: z.array(z.object({ role: z.string(), content: z.unknown() })).min(1),
  max_completion_tokens: maxTokens,
});

/** Reads a completion request. Without `max_tokens` it is 16 tokens, as with OpenAI. */
export function completionRequest(body: z.infer<typeof completionSchema>): GenerationRequest {
  const { model, prompt, max_tokens, stream, stream_options } = body;
  return {
    kind: "completion",
    model,
    prompt: typeof prompt === "string" ? prompt : prompt.join(" "),
    maxTokens: max_tokens ?? 16,
    stream: stream ?? false,
    includeUsage: stream_options?.include_usage ?? false,
  };
}

/** Reads a chat request. Without a limit it is 128 tokens, where a real model would decide by itself. */
export function chatRequest(body: z.infer<typeof chatSchema>): GenerationRequest {
  const { model, messages, max_tokens, max_completion_tokens, stream, stream_options } = body;
  return {
    kind: "chat",
    model,
    prompt: messages.map(({ role, content }) => `${role}: ${plainText(content)}`).join("\n"),
    maxTokens: max_completion_tokens ?? max_tokens ?? 128,
    stream: stream ?? false,
    includeUsage: stream_options?.include_usage ?? false,
  };
}

/** Content is a text or a list of parts; parts without text count as part of the prompt, too. */
function plainText(content: unknown): string {
  return typeof content === "string" ? content : JSON.stringify(content ?? "");
}
