import { describe, expect, test } from "vitest";
import { openaiConfig } from "../../../examples/openai/openai-config.js";
import { openAiWorkload } from "../../../src/gateway/index.js";
import type { Payload } from "../../../src/shared/wire.js";

const workloadOf = (path: string, payload: Payload): number =>
  openAiWorkload({ endpoint: "llm", path, payload });

const texts = (count: number): readonly string[] => Array.from({ length: count }, () => "x".repeat(310));

/** Requests of all sizes; the workers must agree with the gateway about them. */
const REQUESTS: readonly (readonly [path: string, payload: Payload])[] = [
  ["/v1/completions", { prompt: "Hi", max_tokens: 200 }],
  ["/v1/completions", { prompt: "Hi" }],
  ["/v1/completions", { prompt: "Hi", max_tokens: -1 }],
  ["/v1/completions", { prompt: "Hi", max_tokens: 1 }],
  ["/v1/completions", { prompt: "Hi", max_tokens: 1_000_000 }],
  ["/v1/completions", { prompt: "Hi", max_tokens: "many" }],
  ["/v1/chat/completions", { messages: [{ role: "user" }], max_tokens: 7, max_completion_tokens: 900 }],
  ["/v1/embeddings", { input: "x".repeat(600) }],
  ["/v1/embeddings", { input: texts(4) }],
  ["/v1/rerank", { query: "x".repeat(60), documents: texts(16) }],
  ["/v1/score", { text_1: texts(3), text_2: texts(3) }],
  ["/v1/audio/speech", { input: "x".repeat(750) }],
  ["/v1/images/generations", { prompt: "a cat", n: 3 }],
  ["/v1/images/generations", { prompt: "a cat", size: "512x2048" }],
  ["/v1/images/edits", { prompt: "a cat", image: "aGk=", size: "512x512", n: "2" }],
];

describe("the workload of a request", () => {
  process.env.OPENAI_ROUTES = [...new Set(REQUESTS.map(([path]) => path))].join(",");
  const { handlers } = openaiConfig({ program: "vllm", loaded: /loaded/, failed: [] });
  delete process.env.OPENAI_ROUTES;

  test.each(REQUESTS)("%s %j is that of the example workers", (path, payload) => {
    const handler = handlers.find(({ route }) => route === path);
    if (!handler?.workloadCalculator) throw new Error(`expected a handler of ${path}`);
    expect(workloadOf(path, payload)).toBeCloseTo(handler.workloadCalculator(payload), 6);
  });

  test("is that of a reference request where the path has no other", () => {
    expect(workloadOf("/v1/audio/transcriptions", { file: "aGk=" })).toBe(500);
  });

  test("is at least 50 and at most 4000", () => {
    expect(workloadOf("/v1/completions", { max_tokens: 0 })).toBe(50);
    expect(workloadOf("/v1/completions", { max_tokens: 1e9 })).toBe(4000);
  });
});
