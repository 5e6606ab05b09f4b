import { describe, expect, test } from "vitest";
import { sseData } from "../../../src/client/stream/stream-decoders.js";
import { startedModel } from "../../support/started-model.js";

const messages = [{ role: "user", content: "Tell me about light" }];

async function post(url: string, body: unknown): Promise<Response> {
  return fetch(url, { method: "POST", body: typeof body === "string" ? body : JSON.stringify(body) });
}

async function json(response: Response): Promise<Record<string, unknown>> {
  return (await response.json()) as Record<string, unknown>;
}

async function events(response: Response): Promise<readonly string[]> {
  if (!response.body) throw new Error("expected a body");
  const all: string[] = [];
  for await (const event of sseData(response.body)) all.push(event);
  return all;
}

test("a completion has OpenAI's shape, and usage", async () => {
  const { url } = await startedModel({ model: "m" });
  const response = await post(`${url}/v1/completions`, { prompt: "one two three", max_tokens: 8 });
  expect(response.status).toBe(200);
  expect(await json(response)).toEqual({
    id: expect.stringMatching(/^cmpl-[0-9a-f]{32}$/),
    object: "text_completion",
    created: expect.any(Number),
    model: "m",
    choices: [{ index: 0, text: expect.stringMatching(/^[A-Z]/), logprobs: null, finish_reason: "length" }],
    usage: { prompt_tokens: 3, completion_tokens: 8, total_tokens: 11 },
  });
});

test("a chat completion has OpenAI's shape", async () => {
  const { url } = await startedModel();
  const response = await post(`${url}/v1/chat/completions`, { messages, max_completion_tokens: 4 });
  expect(await json(response)).toMatchObject({
    id: expect.stringMatching(/^chatcmpl-/),
    object: "chat.completion",
    choices: [{ message: { role: "assistant", content: expect.any(String) }, finish_reason: "length" }],
    usage: { completion_tokens: 4 },
  });
});

describe("a stream", () => {
  test("of a completion gives token by token what the plain answer gives whole", async () => {
    const { url } = await startedModel();
    const body = { prompt: "hello", max_tokens: 20 };
    const plain = await json(await post(`${url}/v1/completions`, body));
    const response = await post(`${url}/v1/completions`, { ...body, stream: true });
    expect(response.headers.get("content-type")).toBe("text/event-stream; charset=utf-8");
    const all = await events(response);
    expect(all.at(-1)).toBe("[DONE]");
    const chunks = all.slice(0, -1).map((event) => JSON.parse(event));
    expect(chunks).toHaveLength(21);
    expect(chunks.at(-1).choices[0].finish_reason).toBe("length");
    const text = chunks.map((chunk) => chunk.choices[0].text).join("");
    expect(plain).toMatchObject({ choices: [{ text }] });
  });

  test("of a chat opens with the role, and has the usage when requested", async () => {
    const { url } = await startedModel();
    const wanted = { messages, max_tokens: 2, stream: true, stream_options: { include_usage: true } };
    const chunks = (await events(await post(`${url}/v1/chat/completions`, wanted))).slice(0, -1);
    expect(chunks.map((chunk) => JSON.parse(chunk))).toMatchObject([
      { object: "chat.completion.chunk", choices: [{ delta: { role: "assistant", content: "" } }] },
      { choices: [{ delta: { content: expect.any(String) }, finish_reason: null }] },
      { choices: [{ delta: { content: expect.any(String) }, finish_reason: null }] },
      { choices: [{ delta: {}, finish_reason: "length" }] },
      { choices: [], usage: { completion_tokens: 2 } },
    ]);
  });
});

test("the text depends on the prompt and the seed, and on nothing else", async () => {
  const text = async (seed: number, prompt: string) => {
    const { url } = await startedModel({ seed });
    const body = { prompt, max_tokens: 30 };
    const { choices } = await json(await post(`${url}/v1/completions`, body));
    return JSON.stringify(choices);
  };
  const reference = await text(1, "hello");
  expect(await text(1, "hello")).toBe(reference);
  expect(await text(1, "hallo")).not.toBe(reference);
  expect(await text(2, "hello")).not.toBe(reference);
});

test("the model is listed", async () => {
  const { url } = await startedModel({ model: "my/model" });
  expect(await json(await fetch(`${url}/v1/models`))).toMatchObject({
    object: "list",
    data: [{ id: "my/model" }],
  });
});

describe("a bad request is refused with an error in OpenAI's shape", () => {
  test.each([
    ["no prompt", 400, "/v1/completions", { max_tokens: 1 }],
    ["no messages", 400, "/v1/chat/completions", { messages: [] }],
    ["no tokens wanted", 400, "/v1/completions", { prompt: "x", max_tokens: 0 }],
    ["no JSON", 400, "/v1/completions", "{"],
    ["an unknown path", 404, "/v1/nothing", {}],
    ["a wrong method", 405, "/health", {}],
  ])("%s", async (_, status, path, body) => {
    const { url } = await startedModel();
    const response = await post(`${url}${path}`, body);
    expect(response.status).toBe(status);
    expect(await json(response)).toMatchObject({ error: { message: expect.any(String), code: status } });
  });
});
