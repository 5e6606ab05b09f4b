import type { Dialect } from "./dialect.js";
import type { Generation } from "./generation.js";

/** What the ids of a response have in common with its request's. */
const suffix = ({ id }: Generation): string => id.slice(id.indexOf("-") + 1);

function outputItem(generation: Generation) {
  return {
    type: "message",
    status: "completed",
    id: `msg_${suffix(generation)}`,
    content: [{ type: "output_text", annotations: [], logprobs: [], text: generation.text }],
    role: "assistant",
  };
}

function responseBody(generation: Generation) {
  const { model, usage } = generation;
  const now = Math.floor(Date.now() / 1000);
  return {
    completed_at: now,
    created_at: now,
    id: `resp_${suffix(generation)}`,
    model,
    object: "response",
    output: generation.tokens.length === 0 ? [] : [outputItem(generation)],
    status: "completed",
    usage: {
      input_tokens: usage.prompt_tokens,
      output_tokens: usage.completion_tokens,
      total_tokens: usage.total_tokens,
      input_tokens_details: usage.prompt_tokens_details,
    },
  };
}

/** `/v1/responses`: OpenAI's newer interface. */
export const responsesDialect: Dialect = {
  whole: ([generation]) => responseBody(generation),
  token: (generation, { piece }) => {
    const item_id = `msg_${suffix(generation)}`;
    const delta = { type: "response.output_text.delta", item_id, delta: piece };
    if (generation.tokens.length > 1) return [delta];
    const response = { id: `resp_${suffix(generation)}`, object: "response", status: "in_progress" };
    const item = { content: [], id: item_id, role: "assistant", status: "in_progress", type: "message" };
    return [
      { type: "response.created", response },
      { type: "response.in_progress", response },
      { type: "response.output_item.added", item },
      { type: "response.content_part.added", item_id, part: { type: "output_text", text: "" } },
      delta,
    ];
  },
  end: (generation) => {
    const item = outputItem(generation);
    const [part] = item.content;
    return [
      { type: "response.output_text.done", item_id: item.id, text: generation.text },
      { type: "response.content_part.done", item_id: item.id, part },
      { type: "response.output_item.done", item },
      { type: "response.completed", response: responseBody(generation) },
    ];
  },
  isNamed: true,
};

const stopReason = ({ stop }: Generation) => ({
  stop_reason: stop === "eos" ? "end_turn" : "max_tokens",
  stop_sequence: null,
});

/** Tokens of the prompt, those in the cache apart. */
const inputTokens = ({ prompt, cached }: Generation) => ({
  cache_read_input_tokens: cached,
  input_tokens: prompt.tokens.length - cached,
});

/** `/v1/messages`: Anthropic's interface. */
export const messagesDialect: Dialect = {
  whole: ([generation]) => ({
    id: generation.id,
    type: "message",
    role: "assistant",
    content: [{ type: "text", text: generation.text }],
    model: generation.model,
    ...stopReason(generation),
    usage: { ...inputTokens(generation), output_tokens: generation.tokens.length },
  }),
  token: (generation, { piece }) => {
    const delta = { type: "content_block_delta", index: 0, delta: { type: "text_delta", text: piece } };
    if (generation.tokens.length > 1) return [delta];
    const { id, model } = generation;
    const message = {
      ...{ id, type: "message", role: "assistant", content: [], model },
      ...{ stop_reason: null, stop_sequence: null },
      usage: { ...inputTokens(generation), output_tokens: 0 },
    };
    const content_block = { type: "text", text: "" };
    return [
      { type: "message_start", message },
      { type: "content_block_start", index: 0, content_block },
      delta,
    ];
  },
  end: (generation) => [
    { type: "content_block_stop", index: 0 },
    {
      type: "message_delta",
      delta: stopReason(generation),
      usage: { output_tokens: generation.tokens.length },
    },
    { type: "message_stop" },
  ],
  isNamed: true,
  errorPrefix: "event: error\n",
};
