import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { eventually } from "../../support/eventually.js";
import { ExampleStand } from "../../support/example-stand.js";

vi.setConfig({ testTimeout: 90_000, hookTimeout: 90_000 });

const model = "simulated/llm-8b";
const messages = [{ role: "user" as const, content: "Why is the sea salty?" }];

describe("examples/vllm, on its further routes", () => {
  let stand: ExampleStand;
  beforeAll(async () => {
    stand = await ExampleStand.ready("vllm");
  });
  afterAll(() => stand?.stop());

  /** The workload that the worker has counted for one request. */
  async function workloadOf(route: string, payload: Record<string, unknown>): Promise<number> {
    const text = async () => (await fetch(`${stand.localUrl}/metrics`)).text();
    const read = async () => Number(/^tsworker_workload_received_total (\S+)$/m.exec(await text())?.[1] ?? 0);
    const before = await read();
    expect(await stand.ask(route, payload)).toMatchObject({ status: 200 });
    return eventually(async () => {
      const counted = (await read()) - before;
      return counted > 0 && counted;
    });
  }

  test("reranks documents, best first", async () => {
    const documents = ["A garden wants light.", "Rivers carry salt into the sea."];
    const { body } = await stand.ask("/v1/rerank", { query: "salt of the sea", documents });
    expect(body).toMatchObject({ results: [{ index: 1 }, { index: 0, relevance_score: 0 }] });
  });

  test("scores pairs of texts", async () => {
    const { body } = await stand.ask("/v1/score", { text_1: "salt", text_2: ["the salt", "the sea"] });
    expect(body).toMatchObject({ data: [{ score: 1 }, { score: 0 }] });
  });

  test("transcribes a file that comes as base64 in JSON", async () => {
    const speech = await stand.endpoint.request("/v1/audio/speech", { input: "one two three four" });
    const file = Buffer.from(await speech.response.arrayBuffer()).toString("base64");
    const asked = { model, file, filename: "hello.wav", response_format: "verbose_json", language: "de" };
    const transcribed = await stand.ask("/v1/audio/transcriptions", asked);
    expect(transcribed).toMatchObject({
      status: 200,
      body: { task: "transcribe", language: "de", text: expect.stringMatching(/\w/) },
    });
    expect(transcribed.body).toHaveProperty("duration", expect.closeTo(4 * 0.35));
    const translated = await stand.ask("/v1/audio/translations", asked);
    expect(translated.body).toMatchObject({ task: "translate", language: "en" });
  });

  test("edits an image that comes as base64 in JSON", async () => {
    const painted = await stand.ask("/v1/images/generations", { prompt: "A lighthouse", size: "64x64" });
    const { data } = painted.body as { readonly data: readonly [{ readonly b64_json: string }] };
    const image = data[0].b64_json;
    const edited = await stand.ask("/v1/images/edits", {
      prompt: "At night",
      image,
      mask: image,
      size: "96x64",
    });
    const [{ b64_json }] = (edited.body as { readonly data: typeof data }).data;
    expect(Buffer.from(b64_json, "base64").readUInt32BE(16)).toBe(96);
  });

  test("takes a payload that is wrapped in input", async () => {
    const { body } = await stand.ask("/v1/completions", { input: { prompt: "Hello", max_tokens: 5 } });
    expect(body).toMatchObject({ usage: { completion_tokens: 5 } });
  });

  test.each([
    ["a completion: its tokens", "/v1/completions", { prompt: "Hello", max_tokens: 321 }, 321],
    ["a chat: its tokens", "/v1/chat/completions", { messages, max_completion_tokens: 12 }, 12],
    ["what sets no limit: 100", "/v1/completions", { prompt: "Hello" }, 100],
    ["a short embedding: a tenth of a completion", "/v1/embeddings", { input: "Hello" }, 50],
    ["an embedding of 32,000 characters: a completion", "/v1/embeddings", { input: "x".repeat(32_000) }, 500],
    ["a speech of 1000 characters: two", "/v1/audio/speech", { input: "y".repeat(1000) }, 1000],
    ["an image: one", "/v1/images/generations", { prompt: "Sea", size: "1024x1024" }, 500],
    ["many images: eight at most", "/v1/images/generations", { prompt: "Sea", n: 10 }, 4000],
  ])("weighs %s", async (_, route, payload, workload) => {
    expect(await workloadOf(route, payload)).toBeCloseTo(workload);
  });
});
