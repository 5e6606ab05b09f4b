import type { Generation, Token } from "./generation.js";
import { BUILD_INFO } from "./llama-cpp-log.js";

/** How the answers of a route look. */
export interface Dialect {
  /** The body of an answer that is not streamed, of one generation or more. */
  whole(generations: readonly [Generation, ...Generation[]]): unknown;
  /** The events of a token; before, the generation has got it. */
  token(generation: Generation, token: Token): readonly object[];
  /** The events of the end. */
  end(generation: Generation): readonly object[];
  /** Whether events are named after their `type`. */
  readonly isNamed?: true;
  /** What goes before the data of an error. */
  readonly errorPrefix?: string;
  /** Whether `[DONE]` follows the last event. */
  readonly hasDone?: true;
}

const seconds = (): number => Math.floor(Date.now() / 1000);

/** Probabilities of tokens: each was the only one that came into question. */
function probabilities(tokens: readonly Token[]): object {
  const each = tokens.map(({ id, piece }) => {
    const token = { id, token: piece, bytes: [...Buffer.from(piece)], logprob: 0 };
    return { ...token, top_logprobs: [token] };
  });
  return { content: each };
}

const finishReason = ({ stop }: Generation): "stop" | "length" => (stop === "eos" ? "stop" : "length");

const head = ({ id, model }: Generation, object: string) => ({
  created: seconds(),
  model,
  system_fingerprint: BUILD_INFO,
  object,
  id,
});

/** `/v1/completions`. */
export const completionDialect: Dialect = {
  whole: (generations) => {
    const [first] = generations;
    const choices = generations.map((generation) => ({
      text: generation.text,
      index: generation.index,
      logprobs: generation.request.logprobs ? probabilities(generation.tokens) : null,
      finish_reason: finishReason(generation),
    }));
    return { choices, ...head(first, "text_completion"), usage: first.usage, timings: first.timings };
  },
  token: (generation, token) => {
    const logprobs = generation.request.logprobs ? probabilities([token]) : null;
    const choice = { text: token.piece, index: generation.index, logprobs, finish_reason: null };
    return [{ choices: [choice], ...head(generation, "text_completion") }];
  },
  end: (generation) => {
    const { index, usage, timings } = generation;
    const choice = { text: "", index, logprobs: null, finish_reason: finishReason(generation) };
    return [{ choices: [choice], ...head(generation, "text_completion"), usage, timings }];
  },
  hasDone: true,
};

function chatChunk(generation: Generation, delta: object, finish_reason: string | null, more = {}): object {
  const choice = { finish_reason, index: generation.index, delta, ...more };
  return { choices: [choice], ...head(generation, "chat.completion.chunk") };
}

/** `/v1/chat/completions`. */
export const chatDialect: Dialect = {
  whole: (generations) => {
    const [first] = generations;
    const choices = generations.map((generation) => ({
      finish_reason: finishReason(generation),
      index: generation.index,
      message: { role: "assistant", content: generation.text },
      ...(generation.request.logprobs && { logprobs: probabilities(generation.tokens) }),
    }));
    return { choices, ...head(first, "chat.completion"), usage: first.usage, timings: first.timings };
  },
  token: (generation, token) => {
    const logprobs = generation.request.logprobs ? { logprobs: probabilities([token]) } : {};
    const isFirst = generation.tokens.length === 1;
    return [
      ...(isFirst ? [chatChunk(generation, { role: "assistant", content: null }, null)] : []),
      chatChunk(generation, { content: token.piece }, null, logprobs),
    ];
  },
  end: (generation) => {
    const { usage, timings } = generation;
    const finish = chatChunk(generation, {}, finishReason(generation));
    if (!generation.request.includeUsage) return [{ ...finish, timings }];
    return [finish, { choices: [], ...head(generation, "chat.completion.chunk"), usage, timings }];
  },
  hasDone: true,
};

/** `/completion` and `/infill`. */
export const nativeDialect: Dialect = {
  whole: (generations) => {
    const bodies = generations.map((generation) => nativeEnd(generation, generation.text));
    return bodies.length === 1 ? bodies[0] : bodies;
  },
  token: ({ index, slot, tokens, prompt }, { id, piece }) => [
    {
      index,
      content: piece,
      tokens: [id],
      stop: false,
      id_slot: slot,
      tokens_predicted: tokens.length,
      tokens_evaluated: prompt.tokens.length,
    },
  ],
  end: (generation) => [nativeEnd(generation, "")],
};

function nativeEnd(generation: Generation, content: string): object {
  const { index, slot, model, tokens, prompt, request, isTruncated, stop, timings } = generation;
  const n_predict = request.maxTokens ?? -1;
  return {
    index,
    content,
    tokens: [],
    id_slot: slot,
    stop: true,
    model,
    tokens_predicted: tokens.length,
    tokens_evaluated: prompt.tokens.length,
    generation_settings: {
      n_predict,
      max_tokens: n_predict,
      stream: request.stream,
      ignore_eos: request.ignoreEos,
    },
    prompt: prompt.text,
    has_new_line: false,
    truncated: isTruncated,
    stop_type: stop,
    stopping_word: "",
    tokens_cached: prompt.tokens.length + tokens.length - 1,
    timings,
    ...(request.logprobs && { completion_probabilities: Object.values(probabilities(tokens))[0] }),
  };
}
