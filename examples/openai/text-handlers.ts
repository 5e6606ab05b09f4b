import type { HandlerConfig, Payload } from "tsworker";
import { checked } from "../payloads/checked.js";
import type { Rule } from "../payloads/faults-of.js";
import { isObject } from "../payloads/is-object.js";
import { randomWords } from "../payloads/random-words.js";
import { integer, optional, trueOrFalse } from "../payloads/rules.js";
import { MAX_QUEUE_TIME } from "./workload-units.js";

interface Benchmark {
  readonly concurrency: number;
  readonly runs: number;
  /** Undefined: the one that the server has. */
  readonly model: string | undefined;
}

/** Tokens that count for a request which sets no limit: what clients announce for it. */
const UNLIMITED = 100;

const common = {
  stream: optional(trueOrFalse),
  max_tokens: optional(integer(1)),
  max_completion_tokens: optional(integer(1)),
};

const generation = {
  allowParallelRequests: true,
  maxQueueTime: MAX_QUEUE_TIME,
  workloadCalculator: ({ max_completion_tokens, max_tokens }: Payload) =>
    Number(max_completion_tokens ?? max_tokens ?? UNLIMITED),
};

/** Completions and chats; their workload is the tokens that they may make. */
export function textHandlers({ model, ...benchmark }: Benchmark): readonly HandlerConfig[] {
  return [
    {
      ...generation,
      route: "/v1/completions",
      requestParser: checked({ ...common, prompt }),
      benchmarkConfig: {
        ...benchmark,
        generator: () => ({
          ...(model && { model }),
          prompt: randomWords(250),
          max_tokens: 500,
          // An answer that ends early would be less work than was asked for.
          ignore_eos: true,
          temperature: 0.7,
        }),
      },
    },
    { ...generation, route: "/v1/chat/completions", requestParser: checked({ ...common, messages }) },
  ];
}

const prompt: Rule = (value, payload) => {
  if ((typeof value === "string" && value !== "") || isFilledList(value) || payload.prompt_embeds) return;
  if (payload.messages !== undefined) return 'must be a text; "messages" go to /v1/chat/completions';
  return 'must be a text such as "Hello", or a list of texts';
};

const messages: Rule = (value, payload) => {
  if (isFilledList(value)) {
    const at = value.findIndex((message) => !isObject(message) || typeof message.role !== "string");
    return at < 0 ? undefined : `message ${at + 1} must be an object with a role and content`;
  }
  if (payload.prompt !== undefined) return 'must be a list of messages; a "prompt" goes to /v1/completions';
  return 'must be a list such as [{"role":"user","content":"Hello"}]';
};

function isFilledList(value: unknown): value is readonly unknown[] {
  return Array.isArray(value) && value.length > 0;
}
