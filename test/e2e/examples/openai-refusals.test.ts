import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { ExampleStand } from "../../support/example-stand.js";

vi.setConfig({ testTimeout: 90_000, hookTimeout: 90_000 });

const model = "simulated/llm-8b";
const messages = [{ role: "user" as const, content: "Why is the sea salty?" }];

describe("examples/vllm refuses, and says what to do", () => {
  let stand: ExampleStand;
  beforeAll(async () => {
    stand = await ExampleStand.ready("vllm");
  });
  afterAll(() => stand?.stop());

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
      "/v1/completions",
      { prompt: "Hello", stream: "true", max_tokens: "64" },
      {
        stream: 'must be true or false, without quotes, got "true"',
        max_tokens: 'must be an integer from 1 on, without quotes, got "64"',
      },
    ],
    ["no input", "/v1/embeddings", {}, { input: "must be a text, or a list of texts, got nothing" }],
    [
      "documents that are no list",
      "/v1/rerank",
      { query: "sea", documents: "sea" },
      { documents: 'must be a list of texts, got "sea"' },
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
      { prompt: 'must be a text such as "Make it night", got nothing' },
    ],
  ])("%s", async (_, route, payload, faults) => {
    expect(await stand.ask(route, payload)).toEqual({ status: 422, body: { payload: faults } });
  });
});
