import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { eventually } from "../../support/eventually.js";
import { ExampleFixture } from "../../support/example-fixture.js";

const model = "simulated/llm-8b";
const messages = [{ role: "user" as const, content: "Why is the sea salty?" }];

let fixture: ExampleFixture;
beforeAll(async () => {
  const env = {
    OPENAI_ROUTES:
      "/v1/completions,/v1/chat/completions,/v1/embeddings,/v1/rerank,/v1/score,/v1/audio/speech," +
      "/v1/audio/transcriptions,/v1/audio/translations,/v1/images/generations,/v1/images/edits,/v1/other",
  };
  fixture = await ExampleFixture.ready("vllm", { env });
});
afterAll(() => fixture?.stop());

describe("examples/vllm, on its further routes", () => {
  /** The workload that the worker has counted for one request. */
  async function workloadOf(route: string, payload: Record<string, unknown>): Promise<number> {
    const text = async () => (await fetch(`${fixture.localUrl}/metrics`)).text();
    const read = async () => Number(/^tsworker_workload_received_total (\S+)$/m.exec(await text())?.[1] ?? 0);
    const before = await read();
    expect(await fixture.ask(route, payload)).toMatchObject({ status: 200 });
    return eventually(async () => {
      const counted = (await read()) - before;
      return counted > 0 && counted;
    });
  }

  test("reranks documents, best first", async () => {
    const documents = ["A garden wants light.", "Rivers carry salt into the sea."];
    const { body } = await fixture.ask("/v1/rerank", { query: "salt of the sea", documents });
    expect(body).toMatchObject({ results: [{ index: 1 }, { index: 0, relevance_score: 0 }] });
  });

  test("scores pairs of texts", async () => {
    const { body } = await fixture.ask("/v1/score", { text_1: "salt", text_2: ["the salt", "the sea"] });
    expect(body).toMatchObject({ data: [{ score: 1 }, { score: 0 }] });
  });

  test("transcribes a file that comes as base64 in JSON", async () => {
    const speech = await fixture.endpoint.request("/v1/audio/speech", { input: "one two three four" });
    const file = Buffer.from(await speech.response.arrayBuffer()).toString("base64");
    const asked = { model, file, filename: "hello.wav", response_format: "verbose_json", language: "de" };
    const transcribed = await fixture.ask("/v1/audio/transcriptions", asked);
    expect(transcribed).toMatchObject({
      status: 200,
      body: { task: "transcribe", language: "de", text: expect.stringMatching(/\w/) },
    });
    expect(transcribed.body).toHaveProperty("duration", expect.closeTo(4 * 0.35));
    const translated = await fixture.ask("/v1/audio/translations", asked);
    expect(translated.body).toMatchObject({ task: "translate", language: "en" });
  });

  test("edits an image that comes as base64 in JSON", async () => {
    const painted = await fixture.ask("/v1/images/generations", { prompt: "A lighthouse", size: "64x64" });
    const { data } = painted.body as { readonly data: readonly [{ readonly b64_json: string }] };
    const image = data[0].b64_json;
    const edited = await fixture.ask("/v1/images/edits", {
      prompt: "At night",
      image,
      mask: image,
      size: "96x64",
    });
    const [{ b64_json }] = (edited.body as { readonly data: typeof data }).data;
    expect(Buffer.from(b64_json, "base64").readUInt32BE(16)).toBe(96);
  });

  test("are those that OPENAI_ROUTES names; a name that is none is warned about", async () => {
    expect(fixture.errors).toMatch(
      /^warning: OPENAI_ROUTES: there is no route "\/v1\/other": it is left out;/m,
    );
    expect((await fixture.ask("/v1/other", {})).status).toBe(404);
    expect((await fixture.ask("/v1/videos/sync", { prompt: "Sea" })).status).toBe(404);
  });

  test("takes what the server takes: no checks of its own for limits, and an empty prompt", async () => {
    const { body } = await fixture.ask("/v1/completions", { prompt: "", max_tokens: 3 });
    expect(body).toMatchObject({ usage: { completion_tokens: 3 } });
    // The refusal is the server's.
    const refused = await fixture.ask("/v1/completions", { prompt: "Hi", max_tokens: "many" });
    expect(refused).toMatchObject({ status: 400, body: { error: { code: 400 } } });
  });

  test("takes a payload that is wrapped in input", async () => {
    const { body } = await fixture.ask("/v1/completions", { input: { prompt: "Hello", max_tokens: 5 } });
    expect(body).toMatchObject({ usage: { completion_tokens: 5 } });
  });

  test.each([
    ["a completion: its tokens", "/v1/completions", { prompt: "Hello", max_tokens: 321 }, 321],
    ["a chat: its tokens, 50 at least", "/v1/chat/completions", { messages, max_completion_tokens: 12 }, 50],
    ["what sets no limit: 100", "/v1/completions", { prompt: "Hello" }, 100],
    ["a short embedding: a tenth of a completion", "/v1/embeddings", { input: "Hello" }, 50],
    ["an embedding of 600 characters: a completion", "/v1/embeddings", { input: "x".repeat(600) }, 500],
    ["a speech of 1000 characters: two", "/v1/audio/speech", { input: "y".repeat(1000) }, 1000],
    ["an image: one", "/v1/images/generations", { prompt: "Sea", size: "1024x1024" }, 500],
    ["many images: eight at most", "/v1/images/generations", { prompt: "Sea", n: 10 }, 4000],
  ])("weighs %s", async (_, route, payload, workload) => {
    expect(await workloadOf(route, payload)).toBeCloseTo(workload);
  });
});

describe("examples/vllm refuses, with a message about what to do", () => {
  const file = Buffer.from("RIFF").toString("base64");
  test.each<[string, string, Record<string, unknown>, Record<string, unknown>]>([
    [
      "no prompt",
      "/v1/completions",
      {},
      { prompt: 'must be a text such as "Hello", or a list of texts, got nothing' },
    ],
    [
      "messages on the route for prompts",
      "/v1/completions",
      { messages },
      { prompt: 'must be a text; "messages" go to /v1/chat/completions, got nothing' },
    ],
    [
      "a prompt on the route for messages",
      "/v1/chat/completions",
      { prompt: "Hello" },
      { messages: 'must be a list of messages; a "prompt" goes to /v1/completions, got nothing' },
    ],
    [
      "messages that are no list",
      "/v1/chat/completions",
      { messages: "Hello" },
      { messages: 'must be a list such as [{"role":"user","content":"Hello"}], got "Hello"' },
    ],
    [
      "a message without a role",
      "/v1/chat/completions",
      { messages: [...messages, "Hello"] },
      { messages: expect.stringMatching(/^message 2 must be an object with a role and content, got \[/) },
    ],
    [
      "several at once",
      "/v1/rerank",
      { top_n: 1 },
      {
        query: "must be a text, got nothing",
        documents: "must be a list of texts, got nothing",
      },
    ],
    ["no input", "/v1/embeddings", {}, { input: "must be a text, or a list of texts, got nothing" }],
    [
      "no documents",
      "/v1/rerank",
      { query: "sea", document: ["sea"] },
      { documents: "must be a list of texts, got nothing" },
    ],
    [
      "no file",
      "/v1/audio/transcriptions",
      { model },
      { file: expect.stringMatching(/^must be the file with the sound as base64 text, not a path/) },
    ],
    [
      "a path instead of a file",
      "/v1/audio/transcriptions",
      { file: "hello.wav" },
      { file: expect.stringMatching(/^must be base64 text/) },
    ],
    [
      "a wrong extension",
      "/v1/audio/transcriptions",
      { file, filename: "hello.exe" },
      { filename: expect.stringMatching(/^must end in \.flac, \.m4a, \.mp3/) },
    ],
    [
      "a name with a path",
      "/v1/audio/translations",
      { file, filename: "../hello.wav" },
      { filename: expect.stringMatching(/^must be a plain file name/) },
    ],
    [
      "an image without a prompt",
      "/v1/images/edits",
      { image: file },
      { prompt: 'must be a text such as "A lighthouse at night", got nothing' },
    ],
  ])("%s", async (_, route, payload, faults) => {
    expect(await fixture.ask(route, payload)).toEqual({ status: 422, body: { payload: faults } });
  });
});
