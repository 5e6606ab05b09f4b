import OpenAI from "openai";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ExampleFixture } from "../../support/example-fixture.js";

const model = "simulated/llm-8b";
const messages = [{ role: "user" as const, content: "Why is the sea salty?" }];

describe("examples/vllm, with the openai package", () => {
  let fixture: ExampleFixture;
  let openai: OpenAI;

  beforeAll(async () => {
    const OPENAI_ROUTES =
      "/v1/completions,/v1/chat/completions,/v1/embeddings,/v1/audio/speech,/v1/images/generations";
    fixture = await ExampleFixture.ready("vllm", { env: { OPENAI_ROUTES } });
    const { endpoint } = fixture;
    openai = new OpenAI({
      baseURL: endpoint.openaiUrl,
      apiKey: "unused",
      fetch: endpoint.fetchWith({ retry: false }),
    });
  });
  afterAll(() => fixture?.stop());

  test("is measured as vLLM's worker is: after a warm-up three rounds of 10 requests", () => {
    const rounds = fixture.lines.filter(({ msg }) => msg === "benchmark round");
    expect(rounds).toMatchObject([
      { round: 1, rounds: 3, requests: 10, successes: 10 },
      { round: 2, rounds: 3, requests: 10, successes: 10 },
      { round: 3, rounds: 3, requests: 10, successes: 10 },
    ]);
    expect(fixture.lines).toContainEqual(
      expect.objectContaining({ msg: "model log", match: '"message":"Download' }),
    );
  });

  test("completes a chat", async () => {
    const chat = await openai.chat.completions.create({ model, messages, max_tokens: 7 });
    expect(chat.choices[0]?.message.content).toMatch(/\w/);
    expect(chat.usage?.completion_tokens).toBe(7);
  });

  test("streams a chat", async () => {
    const stream = await openai.chat.completions.create({ model, messages, max_tokens: 9, stream: true });
    let pieces = 0;
    for await (const { choices } of stream) if (choices[0]?.delta.content) pieces += 1;
    expect(pieces).toBe(9);
  });

  test("completes a text, whole and as a stream", async () => {
    const wanted = { model, prompt: "The lighthouse", max_tokens: 12 };
    const { choices } = await openai.completions.create(wanted);
    let text = "";
    for await (const chunk of await openai.completions.create({ ...wanted, stream: true })) {
      text += chunk.choices[0]?.text ?? "";
    }
    expect(text).toBe(choices[0]?.text);
    expect(text).toMatch(/\w/);
  });

  test("embeds texts", async () => {
    const { data } = await openai.embeddings.create({ model, input: ["sea", "land", "sea"] });
    const [sea = [], land = [], again] = data.map(({ embedding }) => embedding);
    expect(sea).toEqual(again);
    expect(sea).not.toEqual(land);
    expect(Math.hypot(...sea)).toBeCloseTo(1);
  });

  test("makes speech: real sound", async () => {
    const speech = await openai.audio.speech.create({
      model,
      input: "Hello from the sea",
      voice: "alloy",
      response_format: "wav",
    });
    const wav = Buffer.from(await speech.arrayBuffer());
    expect(speech.headers.get("content-type")).toBe("audio/wav");
    expect(wav.toString("latin1", 0, 4) + wav.toString("latin1", 8, 12)).toBe("RIFFWAVE");
    expect(wav.length).toBeGreaterThan(10_000);
  });

  test("makes pictures: real PNG bytes of the requested size", async () => {
    const { data } = await openai.images.generate({ model, prompt: "A lighthouse", size: "256x256", n: 2 });
    const images = (data ?? []).map(({ b64_json = "" }) => Buffer.from(b64_json, "base64"));
    expect(images).toHaveLength(2);
    for (const image of images) {
      expect(image.toString("latin1", 1, 4)).toBe("PNG");
      expect([image.readUInt32BE(16), image.readUInt32BE(20)]).toEqual([256, 256]);
    }
  });

  test("gets vLLM's own errors, status and body", async () => {
    const asking = openai.completions.create({ model: "another", prompt: "Hello" });
    await expect(asking).rejects.toBeInstanceOf(OpenAI.NotFoundError);
    await expect(asking).rejects.toMatchObject({
      error: { message: "The model `another` does not exist.", type: "NotFoundError" },
    });
  });

  test("has a client that streams a chat", async () => {
    expect(await fixture.client()).toMatch(/^> Why is the sea salty\?\n\w.*\n20 pieces from http:/);
  });
});
