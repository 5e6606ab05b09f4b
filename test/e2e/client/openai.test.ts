import OpenAI from "openai";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Serverless } from "../../../src/client/index.js";
import { ClientFixture } from "../../support/client-fixture.js";
import { eventually } from "../../support/eventually.js";
import { SOON, tinyEndpoint } from "../../support/tiny-endpoint.js";

/** Aborted answers would take 100 s. */
const SOON_ENOUGH = { timeoutMs: 20_000 };

const model = "simulated/llm-8b";
const messages = [{ role: "user" as const, content: "Hello" }];

describe("the openai package, through an engine and a worker", () => {
  let fixture: ClientFixture;
  let openai: OpenAI;

  beforeAll(async () => {
    fixture = await ClientFixture.start();
    const endpoint = new Serverless({ apiKey: "key", engineUrl: fixture.engine.url }).endpoint("endpoint");
    openai = new OpenAI({ baseURL: endpoint.openaiUrl, apiKey: "unused", fetch: endpoint.fetch });
  });
  afterAll(() => fixture.stop());

  test("completes a chat", async () => {
    const chat = await openai.chat.completions.create({ model, messages, max_tokens: 7 });
    expect(chat.choices[0]?.message.content).toMatch(/\w/);
    expect(chat.usage?.completion_tokens).toBe(7);
  });

  test("streams a chat", async () => {
    const stream = await openai.chat.completions.create({
      model,
      messages,
      max_completion_tokens: 9,
      stream: true,
      stream_options: { include_usage: true },
    });
    let text = "";
    let tokens: number | undefined;
    for await (const chunk of stream) {
      text += chunk.choices[0]?.delta.content ?? "";
      tokens = chunk.usage?.completion_tokens ?? tokens;
    }
    expect(text).toMatch(/\w/);
    expect(tokens).toBe(9);
  });

  test("completes a text", async () => {
    const completion = await openai.completions.create({ model, prompt: "Hello", max_tokens: 3 });
    expect(completion.usage?.completion_tokens).toBe(3);
  });

  test("sends the maximum number of tokens as the cost", async () => {
    const before = fixture.engine.totals.requestedLoad;
    await openai.completions.create({ model, prompt: "Hello", max_tokens: 42 });
    expect(fixture.engine.totals.requestedLoad - before).toBe(42);
  });

  test("gets the model's own errors, status and body", async () => {
    const asking = openai.completions.create({ model, prompt: "Hello", max_tokens: -1 });
    await expect(asking).rejects.toBeInstanceOf(OpenAI.BadRequestError);
    await expect(asking).rejects.toMatchObject({
      status: 400,
      message: expect.stringContaining("max_tokens"),
    });
  });

  test("gets the worker's refusal of a route that it does not have", async () => {
    const asking = openai.embeddings.create({ model, input: "Hello" });
    await expect(asking).rejects.toBeInstanceOf(OpenAI.NotFoundError);
  });

  test("frees the model when a stream is left", async () => {
    const stream = await openai.completions.create({
      model,
      prompt: "Hello",
      max_tokens: 1_000_000,
      stream: true,
    });
    for await (const _ of stream) break;
    await eventually(() => fixture.model.stats.running === 0, SOON_ENOUGH);
  });

  test("frees the model when its signal is aborted", async () => {
    const controller = new AbortController();
    const asking = openai.completions.create(
      { model, prompt: "Hello", max_tokens: 1_000_000 },
      { signal: controller.signal },
    );
    await eventually(() => fixture.model.stats.running === 1);
    controller.abort();
    await expect(asking).rejects.toBeInstanceOf(OpenAI.APIUserAbortError);
    await eventually(() => fixture.model.stats.running === 0, SOON_ENOUGH);
  });
});

describe("the openai package, when something fails", () => {
  const clientOf = ({ fetch, openaiUrl }: { readonly fetch: typeof globalThis.fetch; openaiUrl: string }) =>
    new OpenAI({ baseURL: openaiUrl, apiKey: "unused", fetch });

  test("gets the last refusal unchanged, and does not retry it", async () => {
    const { endpoint, worker } = await tinyEndpoint((response) =>
      response.writeHead(429, { "x-reason": "busy" }).end('{"error":{"message":"too many"}}'),
    );
    const openai = clientOf({ ...endpoint, fetch: endpoint.fetchWith({ retry: { ...SOON, attempts: 2 } }) });
    const asking = openai.completions.create({ model: "any", prompt: "Hello" });
    await expect(asking).rejects.toMatchObject({ status: 429, error: { message: "too many" } });
    await expect(asking).rejects.toMatchObject({ headers: expect.any(Headers) });
    expect(worker.seen.length).toBe(2);
  });

  test("gets the engine's error about a wrong key", async () => {
    const { engine } = await tinyEndpoint((response) => response.end());
    const serverless = new Serverless({ apiKey: "wrong", engineUrl: engine.url });
    const asking = clientOf(serverless.endpoint("endpoint")).completions.create({
      model: "any",
      prompt: "Hi",
    });
    await expect(asking).rejects.toBeInstanceOf(OpenAI.AuthenticationError);
    await expect(asking).rejects.toMatchObject({
      code: "ENGINE_REFUSED",
      message: expect.stringMatching(/api_key/),
    });
  });

  test("gets an error about a worker that cannot be reached", async () => {
    const { endpoint } = await tinyEndpoint((response) => response.destroy());
    const openai = clientOf({ ...endpoint, fetch: endpoint.fetchWith({ retry: { ...SOON, attempts: 2 } }) });
    await expect(openai.completions.create({ model: "any", prompt: "Hello" })).rejects.toMatchObject({
      status: 503,
      code: "RETRIES_EXHAUSTED",
    });
  });

  test("sends the worker no key, and only the body", async () => {
    const { endpoint, worker } = await tinyEndpoint((response) => response.end("{}"));
    const openai = new OpenAI({ baseURL: endpoint.openaiUrl, apiKey: "a-secret", fetch: endpoint.fetch });
    await openai.completions.create({ model: "any", prompt: "Hello" });
    expect(JSON.stringify(worker.seen)).not.toContain("a-secret");
    expect(worker.seen).toMatchObject([
      { path: "/v1/completions", body: { payload: { model: "any", prompt: "Hello" } } },
    ]);
  });

  test.each([
    [404, '{"error":"no such route"}', OpenAI.NotFoundError, "no such route"],
    [422, '{"payload":{"prompt":"must be a string"}}', OpenAI.UnprocessableEntityError, "must be a string"],
    [429, '{"error":"the queue is too long"}', OpenAI.RateLimitError, "the queue is too long"],
    [500, '{"object":"error","message":"out of memory"}', OpenAI.InternalServerError, "out of memory"],
    [503, "<html><title>Busy</title></html>", OpenAI.InternalServerError, "Busy"],
  ] as const)(
    "gets %i with the server's message, whatever its text: %s",
    async (status, body, kind, said) => {
      const { endpoint, worker } = await tinyEndpoint((response) => response.writeHead(status).end(body));
      const fetch = endpoint.fetchWith({ retry: { ...SOON, attempts: 2 } });
      const asking = clientOf({ ...endpoint, fetch }).completions.create({ model: "any", prompt: "Hello" });
      await expect(asking).rejects.toBeInstanceOf(kind);
      await expect(asking).rejects.toMatchObject({ status, message: expect.stringContaining(said) });
      expect(worker.seen.length).toBe(status === 404 || status === 422 ? 1 : 2);
    },
  );

  test("gets an error at the end of its time", async () => {
    const { endpoint } = await tinyEndpoint(() => {});
    const fetch = endpoint.fetchWith({ timeoutMs: 1500 });
    const asking = clientOf({ ...endpoint, fetch }).completions.create({ model: "any", prompt: "Hello" });
    await expect(asking).rejects.toMatchObject({ status: 504, code: "REQUEST_TIMEOUT" });
  });

  test("gets an error of a stream that breaks off", async () => {
    const { endpoint } = await tinyEndpoint((response) => {
      response.writeHead(200, { "content-type": "text/event-stream" });
      response.write('data: {"choices":[]}\n\n', () => response.destroy());
    });
    const openai = clientOf(endpoint);
    const stream = await openai.completions.create({ model: "any", prompt: "Hello", stream: true });
    const reading = (async () => {
      for await (const _ of stream);
    })();
    await expect(reading).rejects.toMatchObject({ code: "ANSWER_BROKEN" });
  });

  test("has the cost of the caller's function", async () => {
    const { endpoint, engine } = await tinyEndpoint((response) => response.end("{}"));
    const fetch = endpoint.fetchWith({ cost: ({ prompt }, route) => String(prompt).length + route.length });
    await clientOf({ ...endpoint, fetch }).completions.create({ model: "any", prompt: "12345" });
    expect(engine.totals.requestedLoad).toBe(5 + "/v1/completions".length);
  });

  test.each([
    [405, { method: "GET" }],
    [415, { method: "POST", body: new Uint8Array([1]) }],
    [415, { method: "POST", body: "[1]" }],
  ])("is refused with %i what no worker takes", async (status, init) => {
    const { endpoint, worker } = await tinyEndpoint((response) => response.end("{}"));
    expect((await endpoint.fetch(`${endpoint.openaiUrl}/files`, init)).status).toBe(status);
    expect(worker.seen).toEqual([]);
  });

  test("may be given a Request", async () => {
    const { endpoint, worker } = await tinyEndpoint((response) => response.end('{"n":1}'));
    const request = new Request(`${endpoint.openaiUrl}/go?a=b`, { method: "POST", body: '{"n":1}' });
    expect(await (await endpoint.fetch(request)).json()).toEqual({ n: 1 });
    expect(worker.seen).toMatchObject([{ path: "/v1/go?a=b", body: { payload: { n: 1 } } }]);
  });
});
