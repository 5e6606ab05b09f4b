import { request as httpRequest } from "node:http";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import {
  LlamaCppModel,
  type LlamaCppModelOptions,
} from "../../../src/simulator/llama-cpp/llama-cpp-model.js";
import { ModelSimulator } from "../../../src/simulator/model-simulator.js";
import type { SimulatorOptions } from "../../../src/simulator/simulator-options.js";
import { eventually } from "../../support/eventually.js";

const FAST = { tokensPerSecond: 20_000, batchTokensPerSecond: 2_000_000, firstTokenMs: 0 };
const messages = [{ role: "user", content: "Tell me about light" }];

interface Server {
  readonly url: string;
  readonly simulator: ModelSimulator;
  readonly log: string[];
}

/** A simulated llama.cpp; loaded by default. */
async function started(options: LlamaCppModelOptions & SimulatorOptions = {}): Promise<Server> {
  const log: string[] = [];
  const simulator = new ModelSimulator(new LlamaCppModel({ ...FAST, ...options }), {
    loadSeconds: 0,
    onLogLine: (line) => log.push(line),
    ...options,
  });
  const url = await simulator.start();
  if (!options.fail) await eventually(() => expect(simulator.state).toBe("ready"));
  return { url, simulator, log };
}

async function forTest(options: LlamaCppModelOptions & SimulatorOptions = {}): Promise<Server> {
  const server = await started(options);
  onTestFinished(() => server.simulator.stop());
  return server;
}

const post = (url: string, body: unknown): Promise<Response> =>
  fetch(url, { method: "POST", body: typeof body === "string" ? body : JSON.stringify(body) });

async function answer(url: string, body: unknown) {
  const response = await post(url, body);
  return { status: response.status, body: JSON.parse(await response.text()) };
}

/** The events of a stream as they were written, each with its lines. */
async function eventsOf(response: Response): Promise<readonly string[]> {
  return (await response.text()).split("\n\n").slice(0, -1);
}

const dataOf = (event: string) => JSON.parse(event.slice(event.indexOf("data: ") + 6));

const TIMINGS = {
  cache_n: expect.any(Number),
  prompt_n: expect.any(Number),
  prompt_ms: expect.any(Number),
  prompt_per_token_ms: expect.any(Number),
  prompt_per_second: expect.any(Number),
  predicted_n: expect.any(Number),
  predicted_ms: expect.any(Number),
  predicted_per_token_ms: expect.any(Number),
  predicted_per_second: expect.any(Number),
};
const ID = expect.stringMatching(/^chatcmpl-[0-9A-Za-z]{32}$/);
const HEAD = {
  id: ID,
  created: expect.any(Number),
  model: "simulated/llm-8b",
  system_fingerprint: expect.stringMatching(/^b8797-/),
};

describe("a simulated llama.cpp", () => {
  let server: Server;
  let url: string;
  beforeAll(async () => {
    server = await started();
    url = server.url;
  });
  afterAll(() => server.simulator.stop());

  test("answers a completion with timings, a fingerprint and cached tokens", async () => {
    const response = await post(`${url}/v1/completions`, { prompt: "one two three", max_tokens: 8 });
    expect(response.headers.get("content-type")).toBe("application/json; charset=utf-8");
    expect(response.headers.get("server")).toBe("llama.cpp");
    expect(await response.json()).toEqual({
      ...HEAD,
      object: "text_completion",
      choices: [{ index: 0, text: expect.stringMatching(/\w/), logprobs: null, finish_reason: "length" }],
      usage: {
        // A token begins each prompt.
        prompt_tokens: 4,
        completion_tokens: 8,
        total_tokens: 12,
        prompt_tokens_details: { cached_tokens: 0 },
      },
      timings: { ...TIMINGS, cache_n: 0, prompt_n: 4, predicted_n: 8 },
    });
  });

  test("keeps the tokens of a prompt for the next request that begins with them", async () => {
    const prompt = "a lighthouse at the end of the pier";
    await answer(`${url}/v1/completions`, { prompt, max_tokens: 1 });
    const { body } = await answer(`${url}/v1/completions`, { prompt: `${prompt} shines`, max_tokens: 1 });
    expect(body.usage).toMatchObject({ prompt_tokens: 10, prompt_tokens_details: { cached_tokens: 9 } });
    expect(body.timings).toMatchObject({ cache_n: 9, prompt_n: 1 });
  });

  test("answers a chat without tool calls and probabilities, unless these are requested", async () => {
    const { body } = await answer(`${url}/v1/chat/completions`, { messages, max_completion_tokens: 4 });
    expect(body).toEqual({
      ...HEAD,
      object: "chat.completion",
      choices: [
        {
          index: 0,
          finish_reason: "length",
          message: { role: "assistant", content: expect.stringMatching(/\w/) },
        },
      ],
      usage: expect.objectContaining({ completion_tokens: 4 }),
      timings: TIMINGS,
    });
    const asked = { messages, max_tokens: 2, logprobs: true };
    const [choice] = (await answer(`${url}/v1/chat/completions`, asked)).body.choices;
    expect(choice.logprobs.content).toHaveLength(2);
    expect(choice.logprobs.content[0]).toMatchObject({ token: expect.any(String), logprob: 0 });
  });

  test("streams a completion: the last event has the reason, the usage and the timings", async () => {
    const asked = { prompt: "hello", max_tokens: 3 };
    const plain = (await answer(`${url}/v1/completions`, asked)).body;
    const response = await post(`${url}/v1/completions`, { ...asked, stream: true });
    expect(response.headers.get("content-type")).toBe("text/event-stream");
    const events = await eventsOf(response);
    expect(events.at(-1)).toBe("data: [DONE]");
    const chunks = events.slice(0, -1).map(dataOf);
    expect(chunks).toHaveLength(4);
    expect(new Set(chunks.map(({ id }) => id)).size).toBe(1);
    expect(chunks[0]).toEqual({
      ...HEAD,
      object: "text_completion",
      choices: [{ text: expect.any(String), index: 0, logprobs: null, finish_reason: null }],
    });
    expect(chunks[3]).toEqual({
      ...HEAD,
      object: "text_completion",
      choices: [{ text: "", index: 0, logprobs: null, finish_reason: "length" }],
      usage: expect.objectContaining({ completion_tokens: 3 }),
      timings: { ...TIMINGS, predicted_n: 3 },
    });
    expect(chunks.map(({ choices }) => choices[0].text).join("")).toBe(plain.choices[0].text);
  });

  test("streams a chat: the first event has no content, the usage comes only when requested", async () => {
    const asked = { messages, max_tokens: 1, stream: true };
    const bare = (await eventsOf(await post(`${url}/v1/chat/completions`, asked))).slice(0, -1).map(dataOf);
    expect(bare.map(({ choices }) => choices[0])).toEqual([
      { index: 0, finish_reason: null, delta: { role: "assistant", content: null } },
      { index: 0, finish_reason: null, delta: { content: expect.any(String) } },
      { index: 0, finish_reason: "length", delta: {} },
    ]);
    expect(bare.map(({ usage, timings }) => [usage, timings])).toEqual([
      [undefined, undefined],
      [undefined, undefined],
      [undefined, TIMINGS],
    ]);
    const full = { ...asked, stream_options: { include_usage: true } };
    const chunks = (await eventsOf(await post(`${url}/v1/chat/completions`, full))).slice(0, -1).map(dataOf);
    expect(chunks.at(-1)).toEqual({
      ...HEAD,
      object: "chat.completion.chunk",
      choices: [],
      usage: expect.objectContaining({ completion_tokens: 1 }),
      timings: TIMINGS,
    });
  });

  test("takes no limit, one of -1 and one of 0, an empty prompt, tokens and an object with a prompt", async () => {
    const ask = async (body: object) => (await answer(`${url}/v1/completions`, body)).body;
    for (const limit of [{}, { max_tokens: -1 }, { n_predict: -1 }, { max_tokens: "many" }]) {
      const { choices, usage } = await ask({ prompt: "hello", ...limit });
      expect([choices[0].finish_reason, usage.completion_tokens > 10]).toEqual(["stop", true]);
    }
    expect((await ask({ prompt: "hello", max_tokens: 0 })).usage.completion_tokens).toBe(1);
    expect((await ask({ prompt: "", max_tokens: 2 })).usage).toMatchObject({
      prompt_tokens: 1,
      completion_tokens: 2,
    });
    expect((await ask({ prompt: [5, 6, 7], max_tokens: 1 })).usage.prompt_tokens).toBe(3);
    expect((await ask({ prompt: { prompt_string: "one two" }, max_tokens: 1 })).usage.prompt_tokens).toBe(3);
    expect((await ask({ prompt: ["one", "two"], max_tokens: 1 })).choices).toMatchObject([
      { index: 0 },
      { index: 1 },
    ]);
  });

  test("has a route of its own to complete, whole and as a stream without an end mark", async () => {
    const { body } = await answer(`${url}/completion`, { prompt: "hello", n_predict: 2 });
    expect(body).toMatchObject({
      content: expect.stringMatching(/\w/),
      stop: true,
      stop_type: "limit",
      tokens_predicted: 2,
      tokens_evaluated: 2,
      timings: TIMINGS,
    });
    const events = await eventsOf(
      await post(`${url}/completion`, { prompt: "hello", n_predict: 2, stream: true }),
    );
    expect(events.map(dataOf)).toMatchObject([
      { content: expect.any(String), stop: false, tokens: [expect.any(Number)] },
      { content: expect.any(String), stop: false },
      { content: "", stop: true, timings: TIMINGS },
    ]);
    const filled = { input_prefix: "def f(", input_suffix: "return 1", n_predict: 2 };
    expect((await answer(`${url}/infill`, filled)).body).toMatchObject({ stop: true, tokens_predicted: 2 });
  });

  test("has the interface of OpenAI's responses and that of Anthropic's messages", async () => {
    const response = { input: "hello", instructions: "Be brief", max_output_tokens: 2 };
    expect((await answer(`${url}/v1/responses`, response)).body).toMatchObject({
      id: expect.stringMatching(/^resp_/),
      object: "response",
      status: "completed",
      output: [{ type: "message", content: [{ type: "output_text", text: expect.stringMatching(/\w/) }] }],
      usage: { output_tokens: 2, input_tokens_details: { cached_tokens: expect.any(Number) } },
    });
    const typesOf = async (route: string, body: object) => {
      const events = await eventsOf(await post(`${url}${route}`, { ...body, stream: true }));
      for (const event of events) expect(event).toContain(`event: ${dataOf(event).type}\n`);
      return events.map((event) => dataOf(event).type);
    };
    expect(await typesOf("/v1/responses", response)).toEqual([
      "response.created",
      "response.in_progress",
      "response.output_item.added",
      "response.content_part.added",
      "response.output_text.delta",
      "response.output_text.delta",
      "response.output_text.done",
      "response.content_part.done",
      "response.output_item.done",
      "response.completed",
    ]);
    const message = { messages, max_tokens: 2 };
    expect((await answer(`${url}/v1/messages`, message)).body).toMatchObject({
      id: ID,
      type: "message",
      content: [{ type: "text", text: expect.stringMatching(/\w/) }],
      stop_reason: "max_tokens",
      usage: { output_tokens: 2 },
    });
    expect(await typesOf("/v1/messages", message)).toEqual([
      "message_start",
      "content_block_start",
      "content_block_delta",
      "content_block_delta",
      "content_block_stop",
      "message_delta",
      "message_stop",
    ]);
    const counted = await answer(`${url}/v1/messages/count_tokens`, { messages });
    expect(counted).toEqual({ status: 200, body: { input_tokens: expect.any(Number) } });
  });

  test("tokenizes and back, applies its template and lists its model", async () => {
    const { tokens } = (await answer(`${url}/tokenize`, { content: "one two  one two" })).body;
    expect(tokens).toHaveLength(4);
    expect(tokens[1]).toBe(tokens[3]);
    expect((await answer(`${url}/detokenize`, { tokens })).body).toEqual({ content: "one two  one two" });
    expect((await answer(`${url}/apply-template`, { messages })).body).toEqual({
      prompt: "<|im_start|>user\nTell me about light<|im_end|>\n<|im_start|>assistant\n",
    });
    expect(await (await fetch(`${url}/v1/models`)).json()).toMatchObject({
      object: "list",
      data: [{ id: "simulated/llm-8b", owned_by: "llamacpp", meta: { n_ctx: 131_072 } }],
    });
    expect(await (await fetch(`${url}/health`)).json()).toEqual({ status: "ok" });
  });

  test.each<[string, number, string, unknown, string, RegExp]>([
    ["JSON that is none", 500, "/v1/completions", "{", "server_error", /parse error at line 1, column 2/],
    ["no prompt", 400, "/v1/completions", {}, "invalid_request_error", /key 'prompt' not found/],
    ["no messages", 400, "/v1/chat/completions", {}, "invalid_request_error", /'messages' is required/],
    ["an unknown path", 404, "/v1/nothing", {}, "not_found_error", /^File Not Found$/],
    ["a route of vLLM's", 404, "/v1/score", {}, "not_found_error", /^File Not Found$/],
    ["a wrong method", 404, "/health", {}, "not_found_error", /^File Not Found$/],
    [
      "embeddings",
      501,
      "/v1/embeddings",
      { input: "x" },
      "not_supported_error",
      /Start it with `--embeddings`/,
    ],
    ["a rerank", 501, "/v1/rerank", { query: "x" }, "not_supported_error", /Start it with `--reranking`/],
  ])("refuses %s with %i", async (_, status, route, body, type, message) => {
    expect(await answer(`${url}${route}`, body)).toEqual({
      status,
      body: { error: { code: status, type, message: expect.stringMatching(message) } },
    });
  });

  test("logs as the real one: when it has loaded it listens, and each answer has a line", async () => {
    const { log } = server;
    expect(log[0]).toMatch(/^build_info: b8797-/);
    const loaded = log.indexOf("main: model loaded");
    expect(log[loaded + 1]).toMatch(/^main: server is listening on http:/);
    await fetch(`${url}/health`);
    await answer(`${url}/v1/completions?x=1`, { prompt: "x", max_tokens: 1 });
    expect(log.at(-1)).toBe("srv  log_server_r: done request: POST /v1/completions 127.0.0.1 200");
    expect(log.at(-2)).toBe("srv  update_slots: all slots are idle");
    expect(log.join("\n")).not.toContain("GET /health");
  });
});

describe("the context of a simulated llama.cpp", () => {
  test("refuses a prompt that exceeds it, whatever is to be generated, and ends what fills it", async () => {
    const { url } = await forTest({ contextLength: 20 });
    const long = await answer(`${url}/v1/completions`, {
      prompt: Array.from({ length: 19 }, () => "word").join(" "),
      max_tokens: 1,
    });
    expect(long).toEqual({
      status: 400,
      body: {
        error: {
          code: 400,
          message: "request (20 tokens) exceeds the available context size (20 tokens), try increasing it",
          type: "exceed_context_size_error",
          n_prompt_tokens: 20,
          n_ctx: 20,
        },
      },
    });
    const { status, body } = await answer(`${url}/completion`, { prompt: "one two three", n_predict: 500 });
    expect(status).toBe(200);
    expect(body).toMatchObject({ truncated: true, stop_type: "limit", tokens_predicted: 16 });
  });

  test("is shared by four slots, whose requests all fail when they fill it together", async () => {
    const { url, log } = await forTest({ contextLength: 60, tokensPerSecond: 20 });
    const plain = { prompt: "one", max_tokens: 50 };
    const answers = await Promise.all([
      answer(`${url}/v1/completions`, plain),
      answer(`${url}/v1/completions`, { ...plain, prompt: "two" }),
      post(`${url}/v1/completions`, { ...plain, prompt: "three", stream: true }).then(eventsOf),
    ]);
    const error = { code: 500, message: "Context size has been exceeded.", type: "server_error" };
    expect(answers.slice(0, 2)).toEqual([
      { status: 500, body: { error } },
      { status: 500, body: { error } },
    ]);
    // A stream that has begun ends with the error, and without its end mark.
    const events = answers[2] as readonly string[];
    expect(dataOf(events[0] ?? "")).toHaveProperty("choices");
    expect(dataOf(events.at(-1) ?? "")).toEqual({ error });
    expect(log.filter((line) => line.endsWith("error: Context size has been exceeded."))).toHaveLength(3);
    // One alone has all of it.
    expect((await answer(`${url}/v1/completions`, plain)).body.usage.completion_tokens).toBe(50);
  });

  test("is divided among the slots that --parallel names", async () => {
    const { url } = await forTest({ contextLength: 200, parallel: 2 });
    const { body } = await answer(`${url}/v1/completions`, { prompt: "one two", max_tokens: 150 });
    // Half of 200, without the prompt.
    expect(body.usage.completion_tokens).toBe(97);
  });

  test.each([
    ["four", {}, 4],
    ["those that --parallel names", { parallel: 2 }, 2],
    ["those that --max-concurrency names", { maxConcurrency: 3 }, 3],
  ])("has slots, %s, for which further requests wait", async (_, options, slots) => {
    const { url, simulator } = await forTest({ ...options, tokensPerSecond: 1 });
    const leave = new AbortController();
    const body = JSON.stringify({ prompt: "Hello", max_tokens: 150 });
    const asking = Array.from({ length: 5 }, () =>
      fetch(`${url}/v1/completions`, { method: "POST", body, signal: leave.signal }),
    );
    await eventually(() => expect(simulator.stats).toMatchObject({ running: slots, waiting: 5 - slots }));
    leave.abort();
    await Promise.allSettled(asking);
  });
});

test.each([
  ["of a plain answer, when it looks: a second after the request, or two", false],
  ["of a stream, when it writes", true],
])("a simulated llama.cpp notices that a client has left: %s", async (_, stream) => {
  const { url, simulator, log } = await forTest({ tokensPerSecond: 100 });
  const since = performance.now();
  const client = httpRequest(`${url}/v1/completions`, { method: "POST", agent: false });
  client.on("error", () => {});
  client.on("response", (response) => response.on("error", () => {}).resume());
  client.end(JSON.stringify({ prompt: "x", max_tokens: 1_000_000, stream }));
  await eventually(() => expect(simulator.stats.produced).toBeGreaterThan(3), { intervalMs: 5 });
  client.destroy();
  await eventually(() => expect(simulator.stats).toMatchObject({ running: 0, cancelled: 1 }));
  if (!stream) expect(performance.now() - since).toBeGreaterThan(990);
  expect(log).toContain("srv          stop: cancel task, id_task = 1");
});

test("a simulated llama.cpp that loads refuses everything, its health included", async () => {
  const { url } = await forTest({ fail: "never-ready" });
  const loading = { error: { code: 503, message: "Loading model", type: "unavailable_error" } };
  for (const path of ["/health", "/v1/models", "/nothing"]) {
    const response = await fetch(`${url}${path}`);
    expect([response.status, await response.json()]).toEqual([503, loading]);
  }
});

describe("a simulated llama.cpp that was started for", () => {
  test("embeddings embeds and does not generate", async () => {
    const { url } = await forTest({ embeddings: true });
    const { status, body } = await answer(`${url}/v1/embeddings`, { input: ["sea", "land", "sea"] });
    expect(status).toBe(200);
    expect(body).toMatchObject({ object: "list", usage: { prompt_tokens: 6, total_tokens: 6 } });
    const [sea, land, again] = body.data.map(({ embedding }: { embedding: number[] }) => embedding);
    expect(sea).toEqual(again);
    expect(sea).not.toEqual(land);
    expect(Math.hypot(...sea)).toBeCloseTo(1);
    expect((await answer(`${url}/v1/embeddings`, { content: "sea" })).body).toEqual([
      { index: 0, embedding: [sea] },
    ]);
    expect((await answer(`${url}/v1/embeddings`, { input: "w ".repeat(600) })).body.error).toMatchObject({
      code: 500,
      message: expect.stringContaining("too large to process"),
    });
    expect((await answer(`${url}/v1/completions`, { prompt: "x" })).status).toBe(500);
    expect((await answer(`${url}/v1/rerank`, { query: "x", documents: ["x"] })).status).toBe(501);
  });

  test("reranking ranks documents as Jina has them, and texts as Hugging Face has them", async () => {
    const { url } = await forTest({ reranking: true });
    const documents = ["a", "red", "red sea"];
    expect((await answer(`${url}/v1/rerank`, { query: "red sea", documents, top_n: 2 })).body).toEqual({
      model: "simulated/llm-8b",
      object: "list",
      usage: { prompt_tokens: 13, total_tokens: 13 },
      results: [
        { index: 2, relevance_score: 1 },
        { index: 1, relevance_score: 0.5 },
      ],
    });
    const texts = { query: "red sea", texts: documents, return_text: true };
    expect((await answer(`${url}/v1/rerank`, texts)).body).toEqual([
      { index: 2, score: 1, text: "red sea" },
      { index: 1, score: 0.5, text: "red" },
      { index: 0, score: 0, text: "a" },
    ]);
  });
});
