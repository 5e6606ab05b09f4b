import OpenAI, { toFile } from "openai";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { tsworkerIn } from "../../../support/command-line.js";
import { eventually } from "../../../support/eventually.js";
import { OTHER_CLIENTS } from "../../../support/other-clients.js";
import { ALICE, StandaloneFixture } from "../../../support/standalone-fixture.js";

const model = "simulated/llm-8b";
const messages = [{ role: "user" as const, content: "Hello" }];

describe("tsworker run vllm --standalone", () => {
  let fixture: StandaloneFixture;
  beforeAll(async () => {
    fixture = await StandaloneFixture.start(
      () => ["run", "vllm", "--standalone"],
      (modelUrl, port) => ({
        MODEL_PORT: new URL(modelUrl).port,
        MODEL_NAME: model,
        WORKER_PORT: String(port),
        API_KEYS: `alice:${ALICE}`,
        OPENAI_ROUTES: "/v1/completions,/v1/chat/completions,/v1/embeddings,/v1/audio/transcriptions",
        BENCHMARK_ROUTE: "/v1/embeddings",
      }),
    );
  });
  afterAll(() => fixture?.stop());

  const openaiOf = (apiKey: string): OpenAI =>
    new OpenAI({ baseURL: `${fixture.url}/v1`, apiKey, maxRetries: 0 });

  test("completes and streams chats, embeds, and lists models", async () => {
    const openai = openaiOf(ALICE);
    const asked = { model, messages, max_tokens: 5 };
    expect((await openai.chat.completions.create(asked)).usage?.completion_tokens).toBe(5);
    let pieces = 0;
    for await (const chunk of await openai.chat.completions.create({ ...asked, stream: true }))
      if (chunk.choices[0]?.delta.content) pieces += 1;
    expect(pieces).toBe(5);
    expect((await openai.embeddings.create({ model, input: "Hello" })).data).toHaveLength(1);
    expect((await openai.models.list()).data.map(({ id }) => id)).toEqual([model]);
  });

  test.each(Object.entries(OTHER_CLIENTS))("%s completes and streams a chat", async (_, chat) => {
    expect(await chat({ baseURL: `${fixture.url}/v1`, apiKey: ALICE }, 6)).toEqual({ tokens: 6, pieces: 6 });
  });

  test("passes an upload on as it is", async () => {
    const file = await toFile(Buffer.from("RIFF"), "hello.wav");
    expect((await openaiOf(ALICE).audio.transcriptions.create({ file, model })).text).toEqual(
      expect.any(String),
    );
  });

  test("cancels at the model when a stream is left", async () => {
    const { simulator } = fixture.model;
    const before = simulator.stats.cancelled;
    const asked = { model, prompt: "Hello", max_tokens: 100_000, stream: true } as const;
    for await (const _ of await openaiOf(ALICE).completions.create(asked)) break;
    await eventually(() => expect(simulator.stats.cancelled).toBe(before + 1));
  });

  test("refuses a wrong key, also where models are listed", async () => {
    const openai = openaiOf("sk-mallory-012345");
    await expect(openai.chat.completions.create({ model, messages })).rejects.toBeInstanceOf(
      OpenAI.AuthenticationError,
    );
    await expect(openai.models.list()).rejects.toBeInstanceOf(OpenAI.AuthenticationError);
  });
});

describe("bad input", () => {
  const fails = async (words: readonly string[], env: Readonly<Record<string, string>> = {}) => {
    const command = tsworkerIn({ env }, ...words);
    expect(await command.exitCode).toBe(1);
    return command.stderr();
  };
  const url = "http://127.0.0.1:9";

  test.each<[string, readonly string[], string]>([
    ["no URL", ["proxy"], "missing required argument 'url'"],
    ["a URL that is none", ["proxy", "vllm"], "It must be a URL such as http://127.0.0.1:8000"],
    ["a URL with a query", ["proxy", `${url}?a=1`], "without a query"],
    ["port 0", ["proxy", url, "--port", "0"], "It must be an integer from 1 to 65534"],
    ["no capacity", ["proxy", url, "--capacity", "0"], "It must be a number over 0"],
    ["no concurrency", ["proxy", url, "--concurrency", "0"], "It must be an integer from 1 on"],
    ["a health path that is none", ["proxy", url, "--health", "health"], "It must be a path such as /health"],
    ["a key with a blank", ["proxy", url, "--model-key", "a b"], "visible ASCII characters without blanks"],
    ["an address beyond loopback without keys", ["proxy", url, "--host", "0.0.0.0"], "--keys-file"],
    ["a file of keys that is not there", ["proxy", url, "--keys-file", "nothing.json"], "nothing.json"],
  ])("%s", async (_, words, message) => {
    expect(await fails(words)).toContain(message);
  });

  test("run --standalone on an address beyond loopback without keys", async () => {
    const message = await fails(["run", "vllm", "--standalone"], { WORKER_HOST: "0.0.0.0" });
    expect(message).toContain("expected API keys");
  });
});
