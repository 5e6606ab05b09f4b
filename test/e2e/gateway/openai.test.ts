import OpenAI, { toFile } from "openai";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Gateway } from "../../../src/gateway/index.js";
import { ClientFixture } from "../../support/client-fixture.js";
import { eventually } from "../../support/eventually.js";
import { OTHER_CLIENTS } from "../../support/other-clients.js";
import { startedGateway } from "../../support/started-gateway.js";
import { tinyEndpoint } from "../../support/tiny-endpoint.js";

const model = "simulated/llm-8b";
const messages = [{ role: "user" as const, content: "Hello" }];

const openaiOf = (gateway: Gateway, apiKey = "sk-alice"): OpenAI =>
  new OpenAI({ baseURL: `${gateway.url}/v1`, apiKey, maxRetries: 0 });

describe("the openai package, through a gateway, an engine and a worker", () => {
  let fixture: ClientFixture;
  let gateway: Gateway;
  let openai: OpenAI;
  const undo: (() => void)[] = [];

  beforeAll(async () => {
    const serves = { allowParallelRequests: true, workloadCalculator: "maxTokens" } as const;
    fixture = await ClientFixture.start({
      config: {
        handlers: [
          { ...serves, route: "/v1/completions", benchmarkConfig: { dataset: [{ prompt: "hello" }] } },
          { ...serves, route: "/v1/chat/completions" },
          { ...serves, route: "/v1/audio/transcriptions", responseGenerator: "transcribes" },
        ],
        openRoutes: [{ route: "/v1/models" }],
      },
    });
    gateway = await startedGateway(
      fixture.engine.url,
      { keys: [{ name: "alice", key: "sk-alice" }] },
      (stop) => undo.push(stop),
    );
    openai = openaiOf(gateway);
  });
  afterAll(async () => {
    for (const each of undo) each();
    await fixture.stop();
  });

  test("completes a chat", async () => {
    const chat = await openai.chat.completions.create({ model, messages, max_tokens: 7 });
    expect(chat.choices[0]?.message.content).toMatch(/\w/);
    expect(chat.usage?.completion_tokens).toBe(7);
  });

  test("streams a chat, event by event", async () => {
    const stream = await openai.chat.completions.create({
      model,
      messages,
      max_completion_tokens: 9,
      stream: true,
      stream_options: { include_usage: true },
    });
    let pieces = 0;
    let tokens: number | undefined;
    for await (const chunk of stream) {
      if (chunk.choices[0]?.delta.content) pieces += 1;
      tokens = chunk.usage?.completion_tokens ?? tokens;
    }
    expect(pieces).toBe(9);
    expect(tokens).toBe(9);
  });

  test.each(Object.entries(OTHER_CLIENTS))("%s completes and streams a chat", async (_, chat) => {
    expect(await chat({ baseURL: `${gateway.url}/v1`, apiKey: "sk-alice" }, 6)).toEqual({
      tokens: 6,
      pieces: 6,
    });
  });

  test("names the endpoint in the path", async () => {
    const named = new OpenAI({ baseURL: `${gateway.url}/endpoint/v1`, apiKey: "sk-alice", maxRetries: 0 });
    const completion = await named.completions.create({ model, prompt: "Hello", max_tokens: 3 });
    expect(completion.usage?.completion_tokens).toBe(3);
  });

  test("has its workload from its limit of tokens", async () => {
    const before = fixture.engine.totals.requestedLoad;
    await openai.completions.create({ model, prompt: "Hello", max_tokens: 142 });
    expect(fixture.engine.totals.requestedLoad - before).toBe(142);
  });

  test("lists the models, and finds one with a slash in its name", async () => {
    const ids: string[] = [];
    for await (const { id } of openai.models.list()) ids.push(id);
    expect(ids).toEqual([model]);
    expect(await openai.models.retrieve(model)).toMatchObject({ id: model, object: "model" });
    await expect(openai.models.retrieve("other")).rejects.toMatchObject({
      status: 404,
      code: "model_not_found",
    });
  });

  test("uploads a file", async () => {
    const file = await toFile(Buffer.from("RIFF"), "hello.wav");
    const text = await openai.audio.transcriptions.create({ file, model: "whisper" });
    expect(text).toBeDefined();
  });

  test("gets the model's own errors, status and body", async () => {
    const asking = openai.completions.create({ model, prompt: "Hello", max_tokens: -1 });
    await expect(asking).rejects.toBeInstanceOf(OpenAI.BadRequestError);
    await expect(asking).rejects.toMatchObject({ message: expect.stringContaining("max_tokens") });
  });

  test("gets 404 for a route that the worker does not have", async () => {
    const asking = openai.embeddings.create({ model, input: "Hello" });
    await expect(asking).rejects.toBeInstanceOf(OpenAI.NotFoundError);
    await expect(asking).rejects.toMatchObject({ code: "unknown_route", type: "invalid_request_error" });
  });

  test("is refused with a wrong key, and the engine is not called", async () => {
    const { requested } = fixture.engine.totals;
    const asking = openaiOf(gateway, "sk-mallory").chat.completions.create({ model, messages });
    await expect(asking).rejects.toBeInstanceOf(OpenAI.AuthenticationError);
    await expect(asking).rejects.toMatchObject({ code: "invalid_api_key", type: "authentication_error" });
    expect(fixture.engine.totals.requested).toBe(requested);
  });

  test("frees the model when a stream is left", async () => {
    const stream = await openai.completions.create({
      model,
      prompt: "Hello",
      max_tokens: 1_000_000,
      stream: true,
    });
    for await (const _ of stream) break;
    await eventually(() => fixture.model.stats.running === 0);
    await eventually(() => gateway.active === 0);
  });

  test("frees the model when a request is aborted before its answer", async () => {
    const controller = new AbortController();
    const asking = openai.completions.create(
      { model, prompt: "Hello", max_tokens: 1_000_000 },
      { signal: controller.signal },
    );
    await eventually(() => fixture.model.stats.running === 1);
    controller.abort();
    await expect(asking).rejects.toBeInstanceOf(OpenAI.APIUserAbortError);
    await eventually(() => fixture.model.stats.running === 0);
    await eventually(() => gateway.active === 0);
  });
});

describe("what the openai package sends, and what it gets", () => {
  test("tools go to the worker, and their calls come back in a stream", async () => {
    const call = {
      index: 0,
      id: "call_1",
      type: "function",
      function: { name: "weather", arguments: '{"at":"sea"}' },
    };
    const { engine, worker } = await tinyEndpoint((response) => {
      response.writeHead(200, { "content-type": "text/event-stream" });
      response.write(`data: {"choices":[{"index":0,"delta":{"tool_calls":[${JSON.stringify(call)}]}}]}\n\n`);
      response.end("data: [DONE]\n\n");
    });
    const tools = [
      { type: "function" as const, function: { name: "weather", parameters: { type: "object" } } },
    ];
    const stream = await openaiOf(await startedGateway(engine.url)).chat.completions.create({
      model,
      messages,
      tools,
      stream: true,
    });
    const calls: unknown[] = [];
    for await (const { choices } of stream) calls.push(...(choices[0]?.delta.tool_calls ?? []));
    expect(calls).toEqual([call]);
    expect(worker.seen[0]?.body).toMatchObject({ payload: { model, messages, tools, stream: true } });
  });

  test("embeddings come as the worker sends them", async () => {
    const { engine } = await tinyEndpoint((response) =>
      response
        .writeHead(200, { "content-type": "application/json" })
        .end('{"object":"list","data":[{"object":"embedding","index":0,"embedding":[0.25,-1]}]}'),
    );
    const openai = openaiOf(await startedGateway(engine.url));
    const { data } = await openai.embeddings.create({ model, input: "Hello", encoding_format: "float" });
    expect(data[0]?.embedding).toEqual([0.25, -1]);
  });

  test("a file goes as base64 text, and binary answers come unchanged", async () => {
    const bytes = Buffer.from(Array.from({ length: 100_000 }, (_, index) => (index * 7) % 256));
    const { engine, worker } = await tinyEndpoint((response, { path }) =>
      path.endsWith("speech")
        ? response.writeHead(200, { "content-type": "audio/mpeg" }).end(bytes)
        : response.writeHead(200, { "content-type": "application/json" }).end('{"text":"hi"}'),
    );
    const openai = openaiOf(await startedGateway(engine.url));
    const speech = await openai.audio.speech.create({ model: "tts", voice: "alloy", input: "Hi" });
    expect(Buffer.from(await speech.arrayBuffer()).equals(bytes)).toBe(true);
    const file = await toFile(bytes, "hello.wav");
    expect(await openai.audio.transcriptions.create({ file, model: "whisper" })).toEqual({ text: "hi" });
    expect(worker.seen[1]?.body).toMatchObject({
      payload: { file: bytes.toString("base64"), filename: "hello.wav", model: "whisper" },
    });
  });

  test("the client's key and cookies do not reach the worker, and the gateway's key neither", async () => {
    const { engine, worker } = await tinyEndpoint((response) => response.end("{}"));
    await openaiOf(await startedGateway(engine.url), "sk-client-secret").completions.create({
      model,
      prompt: "Hi",
    });
    const [seen] = worker.seen;
    expect(Object.keys(seen?.headers ?? {}).toSorted()).toEqual([
      "accept",
      "content-length",
      "content-type",
      "host",
      "x-request-id",
    ]);
    expect(JSON.stringify(seen)).not.toContain("sk-client-secret");
    expect(JSON.stringify(seen)).not.toContain('"key"');
  });
});
