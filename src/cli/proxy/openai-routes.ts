import { openAiWorkload } from "../../gateway/index.js";
import type { HandlerConfig } from "../../index.js";

/** Routes whose requests the model computes; they share a queue. */
const COMPUTED = [
  "/v1/chat/completions",
  "/v1/completions",
  "/v1/responses",
  "/v1/messages",
  "/v1/embeddings",
  "/v1/rerank",
  "/v2/rerank",
  "/rerank",
  "/v1/score",
  "/score",
  "/pooling",
  "/classify",
  "/v1/moderations",
  "/v1/audio/transcriptions",
  "/v1/audio/translations",
  "/v1/audio/speech",
  "/v1/images/generations",
  "/v1/images/edits",
  "/v1/images/variations",
] as const;

/** Routes that need no turn of the model: lists, files, batches and what counts tokens. */
const OTHERS: readonly (readonly [route: string, ...methods: readonly ("GET" | "POST" | "DELETE")[]])[] = [
  ["/v1/models", "GET"],
  ["/v1/models/:id", "GET", "DELETE"],
  // Ids such as `meta-llama/Llama-3.1-8B` have a slash.
  ["/v1/models/:owner/:id", "GET", "DELETE"],
  ["/v1/responses/:id", "GET", "DELETE"],
  ["/v1/responses/:id/cancel", "POST"],
  ["/v1/responses/:id/input_items", "GET"],
  ["/v1/files", "GET", "POST"],
  ["/v1/files/:id", "GET", "DELETE"],
  ["/v1/files/:id/content", "GET"],
  ["/v1/batches", "GET", "POST"],
  ["/v1/batches/:id", "GET"],
  ["/v1/batches/:id/cancel", "POST"],
  ["/v1/messages/count_tokens", "POST"],
  ["/tokenize", "POST"],
  ["/detokenize", "POST"],
  ["/version", "GET"],
];

/** Headers of OpenAI's and Anthropic's clients that model servers interpret. */
const HEADERS = [
  "openai-beta",
  "openai-organization",
  "openai-project",
  "anthropic-version",
  "anthropic-beta",
];

/** Tokens of each request of the benchmark, and requests at once: a few seconds also on a CPU. */
const BENCHMARK_TOKENS = 64;
const BENCHMARK_CONCURRENCY = 4;

export interface OpenAiRoutesOptions {
  /** Requests that the model computes at once. */
  readonly concurrency: number;
  /** Seconds that a request may wait for its turn. */
  readonly maxQueueTime: number;
  /** Clients share the turns by their keys. */
  readonly isFair: boolean;
  /** The model of the benchmark. */
  model(): string | undefined;
}

/** A chat that is measured. */
export const benchmarkChat = (model: string | undefined) => ({
  ...(model !== undefined && { model }),
  messages: [{ role: "user", content: "Count from one to one hundred, in words." }],
  max_tokens: BENCHMARK_TOKENS,
});

/** Handlers for the routes of servers with OpenAI's API. */
export function openAiRoutes(options: OpenAiRoutesOptions): readonly HandlerConfig[] {
  const { concurrency, maxQueueTime, isFair, model } = options;
  return [
    ...COMPUTED.map(
      (route): HandlerConfig => ({
        route,
        queue: "model",
        queueOrder: isFair ? "fair" : "fifo",
        concurrency,
        maxQueueTime,
        forwardHeaders: HEADERS,
        workloadCalculator: (payload) =>
          openAiWorkload({ endpoint: "", path: route, payload: payload ?? {} }),
        ...(route === "/v1/chat/completions" && {
          benchmarkConfig: {
            generator: () => benchmarkChat(model()),
            runs: 1,
            concurrency: Math.min(concurrency, BENCHMARK_CONCURRENCY),
            doWarmup: false,
          },
        }),
      }),
    ),
    ...OTHERS.flatMap(([route, ...methods]) =>
      methods.map(
        (method): HandlerConfig => ({
          route,
          method,
          allowParallelRequests: true,
          maxQueueTime: null,
          forwardHeaders: HEADERS,
          workloadCalculator: () => 0,
        }),
      ),
    ),
  ];
}
