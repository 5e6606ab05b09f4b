import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { createOpenAICompatible } from "@ai-sdk/openai-compatible";
import { ChatOpenAI, OpenAIEmbeddings } from "@langchain/openai";
import { APICallError, embed, generateText, stepCountIs, streamText, tool } from "ai";
import OpenAI, { toFile } from "openai";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { z } from "zod";
import { eventually } from "../../../support/eventually.js";
import { ALICE, BOB, StandaloneFixture } from "../../../support/standalone-fixture.js";

const model = "simulated/llm-8b";
const messages = [{ role: "user" as const, content: "Hello" }];
const run = promisify(execFile);

/** A tool as OpenAI's API describes it. */
const weather = {
  type: "function" as const,
  function: {
    name: "weather",
    description: "Weather of a city",
    parameters: { type: "object", properties: { city: { type: "string" } }, required: ["city"] },
  },
};

let fixture: StandaloneFixture;
let baseURL: string;
beforeAll(async () => {
  fixture = await StandaloneFixture.start((url, port, keysFile) => [
    "proxy",
    `${url}/v1`,
    "--port",
    `${port}`,
    "--keys-file",
    keysFile,
  ]);
  baseURL = `${fixture.url}/v1`;
});
afterAll(() => fixture?.stop());

describe("the openai package through tsworker proxy", () => {
  const openaiOf = (apiKey: string, maxRetries = 0): OpenAI => new OpenAI({ baseURL, apiKey, maxRetries });

  test("completes a chat, and a text", async () => {
    const chat = await openaiOf(ALICE).chat.completions.create({ model, messages, max_tokens: 7 });
    expect(chat.usage?.completion_tokens).toBe(7);
    const text = await openaiOf(ALICE).completions.create({ model, prompt: "Hello", max_tokens: 3 });
    expect(text.usage?.completion_tokens).toBe(3);
  });

  test("streams a chat, event by event", async () => {
    const stream = await openaiOf(ALICE).chat.completions.create({
      model,
      messages,
      max_tokens: 9,
      stream: true,
    });
    let pieces = 0;
    for await (const chunk of stream) if (chunk.choices[0]?.delta.content) pieces += 1;
    expect(pieces).toBe(9);
  });

  test("gets a call of a tool, plain and streamed", async () => {
    const asked = { model, messages, tools: [weather] };
    const chat = await openaiOf(ALICE).chat.completions.create(asked);
    const call = { function: { name: "weather", arguments: '{"city":"Paris"}' } };
    expect(chat.choices[0]?.message.tool_calls).toMatchObject([call]);
    const streamed = await openaiOf(ALICE).chat.completions.stream(asked).finalChatCompletion();
    expect(streamed.choices[0]?.message.tool_calls).toMatchObject([call]);
  });

  test("embeds, lists models, and makes a picture", async () => {
    const openai = openaiOf(ALICE);
    const { data } = await openai.embeddings.create({ model, input: ["Hello", "light"] });
    expect(data.map(({ embedding }) => embedding.length > 0)).toEqual([true, true]);
    expect((await openai.models.list()).data.map(({ id }) => id)).toEqual([model]);
    const pictures = await openai.images.generate({ model, prompt: "A lighthouse", size: "256x256" });
    expect(Buffer.from(pictures.data?.[0]?.b64_json ?? "", "base64").toString("latin1", 1, 4)).toBe("PNG");
  });

  test("uploads a sound of 1 MB as it is", async () => {
    const file = await toFile(Buffer.concat([wavHead(1_000_000), Buffer.alloc(1_000_000)]), "hello.wav");
    const { text } = await openaiOf(ALICE).audio.transcriptions.create({ file, model });
    expect(text).toMatch(/\w/);
  });

  test("cancels at the model when a stream is left", async () => {
    const { simulator } = fixture.model;
    const before = simulator.stats.cancelled;
    const stream = await openaiOf(ALICE).completions.create({
      model,
      prompt: "Hello",
      max_tokens: 100_000,
      stream: true,
    });
    for await (const _ of stream) break;
    await eventually(() => expect(simulator.stats.cancelled).toBe(before + 1));
  });

  test("throws AuthenticationError for a wrong key", async () => {
    const asking = openaiOf("sk-mallory-012345").chat.completions.create({ model, messages });
    await expect(asking).rejects.toBeInstanceOf(OpenAI.AuthenticationError);
    await expect(asking).rejects.toMatchObject({ code: "invalid_api_key", type: "authentication_error" });
  });

  test("throws NotFoundError for a route that no model server has", async () => {
    await expect(openaiOf(ALICE).get("/nothing")).rejects.toBeInstanceOf(OpenAI.NotFoundError);
  });

  test("throws RateLimitError over the limit of a key, or tries again after Retry-After", async () => {
    const openai = openaiOf(BOB);
    // As many at once as in a minute; one more comes back each second.
    const answers = await Promise.allSettled(Array.from({ length: 100 }, () => openai.models.list()));
    const errors = answers.filter((each) => each.status === "rejected").map(({ reason }) => reason);
    expect(errors.length).toBeGreaterThan(0);
    const [error] = errors;
    expect(error).toBeInstanceOf(OpenAI.RateLimitError);
    expect(Number(error.headers.get("retry-after"))).toBeGreaterThanOrEqual(1);
    expect(error.headers.get("x-ratelimit-limit-requests")).toBe("60");
    const { data } = await openaiOf(BOB, 3).models.list();
    expect(data).toHaveLength(1);
  });
});

describe("LangChain through tsworker proxy", () => {
  const chatOf = (apiKey: string) =>
    new ChatOpenAI({ model, apiKey, maxTokens: 6, maxRetries: 0, configuration: { baseURL } });

  test("invokes and streams", async () => {
    const answer = await chatOf(ALICE).invoke("Hello");
    expect(answer.usage_metadata).toMatchObject({ output_tokens: 6 });
    const pieces: string[] = [];
    for await (const chunk of await chatOf(ALICE).stream("Hello")) pieces.push(chunk.text);
    expect(pieces.filter((piece) => piece !== "")).toHaveLength(6);
  });

  test("gets a call of a tool", async () => {
    const answer = await chatOf(ALICE).bindTools([weather]).invoke("How is the weather?");
    expect(answer.tool_calls).toMatchObject([{ name: "weather", args: { city: "Paris" } }]);
  });

  test("embeds", async () => {
    const embeddings = new OpenAIEmbeddings({ model, apiKey: ALICE, configuration: { baseURL } });
    expect((await embeddings.embedQuery("Hello")).length).toBeGreaterThan(0);
  });

  test("is refused with a wrong key", async () => {
    await expect(chatOf("sk-mallory-012345").invoke("Hello")).rejects.toMatchObject({ status: 401 });
  });
});

describe("the AI SDK through tsworker proxy", () => {
  const providerOf = (apiKey: string) => createOpenAICompatible({ name: "proxy", baseURL, apiKey });
  const asked = { prompt: "Hello", maxOutputTokens: 6, maxRetries: 0 };

  test("generates and streams", async () => {
    const chat = providerOf(ALICE)(model);
    expect((await generateText({ ...asked, model: chat })).usage.outputTokens).toBe(6);
    const pieces: string[] = [];
    for await (const piece of streamText({ ...asked, model: chat }).textStream) pieces.push(piece);
    expect(pieces).toHaveLength(6);
  });

  test("calls a tool, and goes on with its result", async () => {
    const cities: string[] = [];
    const { text, steps } = await generateText({
      ...asked,
      model: providerOf(ALICE)(model),
      stopWhen: stepCountIs(2),
      tools: {
        weather: tool({
          inputSchema: z.object({ city: z.string() }),
          execute: ({ city }) => {
            cities.push(city);
            return "sunny";
          },
        }),
      },
    });
    expect([cities, steps.length]).toEqual([["Paris"], 2]);
    expect(text).toMatch(/\w/);
  });

  test("embeds", async () => {
    const { embedding } = await embed({ model: providerOf(ALICE).embeddingModel(model), value: "Hello" });
    expect(embedding.length).toBeGreaterThan(0);
  });

  test("cancels at the model when it is aborted", async () => {
    const { simulator } = fixture.model;
    const before = simulator.stats.cancelled;
    const aborting = new AbortController();
    const { textStream } = streamText({
      model: providerOf(ALICE)(model),
      prompt: "Hello",
      maxOutputTokens: 100_000,
      abortSignal: aborting.signal,
      maxRetries: 0,
    });
    for await (const _ of textStream) {
      aborting.abort();
      break;
    }
    await eventually(() => expect(simulator.stats.cancelled).toBe(before + 1));
  });

  test("is refused with a wrong key", async () => {
    const asking = generateText({ ...asked, model: providerOf("sk-mallory-012345")(model) });
    await expect(asking).rejects.toSatisfy(
      (error) => APICallError.isInstance(error) && error.statusCode === 401,
    );
  });
});

describe("curl through tsworker proxy", () => {
  const curl = async (...words: readonly string[]) =>
    (await run("curl", ["-sS", "--max-time", "60", ...words])).stdout;
  const bearer = ["-H", `authorization: Bearer ${ALICE}`];

  test("streams a chat", async () => {
    const body = JSON.stringify({ model, messages, max_tokens: 4, stream: true });
    const json = ["-H", "content-type: application/json", "-d", body];
    const text = await curl("-N", ...bearer, ...json, `${baseURL}/chat/completions`);
    expect(text.trim().split("\n\n").at(-1)).toBe("data: [DONE]");
  });

  test("gets 401 without a key", async () => {
    expect(await curl("-o", "/dev/null", "-w", "%{http_code}", `${baseURL}/models`)).toBe("401");
  });
});

test("tsworker proxy prints how it is called, counts by key, and writes no file where it runs", async () => {
  expect(fixture.command.stdout()).toContain(`base_url for OpenAI clients: ${baseURL}`);
  expect(fixture.command.stdout() + fixture.command.stderr()).not.toContain(ALICE);
  expect(await fixture.files()).toEqual(["keys.json"]);
  const metrics = await (await fetch(`${fixture.localUrl}/metrics`)).text();
  expect(metrics).toMatch(/tsworker_key_requests_total\{[^}]*key="alice"/);
});

/** The head of a WAV file with one channel of 16 bits at 16 kHz. */
function wavHead(bytes: number): Buffer {
  const head = Buffer.alloc(44);
  head.write("RIFF", 0);
  head.writeUInt32LE(36 + bytes, 4);
  head.write("WAVEfmt ", 8);
  head.writeUInt32LE(16, 16);
  head.writeUInt16LE(1, 20);
  head.writeUInt16LE(1, 22);
  head.writeUInt32LE(16_000, 24);
  head.writeUInt32LE(32_000, 28);
  head.writeUInt16LE(2, 32);
  head.writeUInt16LE(16, 34);
  head.write("data", 36);
  head.writeUInt32LE(bytes, 40);
  return head;
}
