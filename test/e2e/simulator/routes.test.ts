import { describe, expect, test } from "vitest";
import { startedModel } from "../../support/started-model.js";

/** What a fast simulated vLLM answers to JSON or a form. */
async function ask(route: string, body: object) {
  const { url } = await startedModel({ contextLength: 2000 });
  const form = body instanceof FormData ? body : JSON.stringify(body);
  const response = await fetch(`${url}${route}`, { method: "POST", body: form });
  const bytes = Buffer.from(await response.arrayBuffer());
  const type = response.headers.get("content-type") ?? "";
  return {
    status: response.status,
    type,
    bytes,
    json: type.includes("json") ? JSON.parse(bytes.toString()) : undefined,
  };
}

function form(fields: Readonly<Record<string, string | Blob>>): FormData {
  const made = new FormData();
  for (const [name, value] of Object.entries(fields)) {
    if (typeof value === "string") made.append(name, value);
    else made.append(name, value, "file.bin");
  }
  return made;
}

describe("the further routes of a simulated server", () => {
  test("embeddings are unit vectors, as numbers or as base64 of the same", async () => {
    const { json } = await ask("/v1/embeddings", { input: ["a sea", "a hill"], dimensions: 8 });
    expect(json).toMatchObject({ object: "list", usage: { prompt_tokens: 4, total_tokens: 4 } });
    const [{ embedding }] = json.data;
    expect(embedding).toHaveLength(8);
    expect(Math.hypot(...embedding)).toBeCloseTo(1);
    const packed = await ask("/v1/embeddings", { input: "a sea", dimensions: 8, encoding_format: "base64" });
    const bytes = Buffer.from(packed.json.data[0].embedding, "base64");
    const read = Array.from({ length: 8 }, (_, index) => bytes.readFloatLE(4 * index));
    expect(read).toEqual(embedding);
  });

  test("a rerank has the documents with their places, as many as requested", async () => {
    const { json } = await ask("/v1/rerank", {
      query: "red sea",
      documents: ["a", "red", "red sea"],
      top_n: 2,
    });
    expect(json.results).toEqual([
      { index: 2, document: { text: "red sea" }, relevance_score: 1 },
      { index: 1, document: { text: "red" }, relevance_score: 0.5 },
    ]);
  });

  test("a score is of pairs, or of one with many", async () => {
    const { json } = await ask("/v1/score", { text_1: ["sea", "hill"], text_2: ["sea", "sea"] });
    expect(json.data).toMatchObject([
      { index: 0, score: 1 },
      { index: 1, score: 0 },
    ]);
  });

  test("speech is as long as the text, and quicker on request", async () => {
    const slow = await ask("/v1/audio/speech", { input: "one two three four" });
    const quick = await ask("/v1/audio/speech", { input: "one two three four", speed: 2 });
    expect(slow.type).toBe("audio/wav");
    expect(slow.bytes.readUInt32LE(40)).toBe(slow.bytes.length - 44);
    expect((slow.bytes.length - 44) / (quick.bytes.length - 44)).toBeCloseTo(2);
  });

  test("a transcription has words for the time that a file lasts, the same for the same file", async () => {
    const { bytes } = await ask("/v1/audio/speech", { input: "word ".repeat(40) });
    const fields = { file: new Blob([new Uint8Array(bytes)]), response_format: "text" };
    const first = (await ask("/v1/audio/transcriptions", form(fields))).bytes.toString();
    expect(first.split(" ")).toHaveLength(40 * 0.35 * 2.5);
    expect((await ask("/v1/audio/transcriptions", form(fields))).bytes.toString()).toBe(first);
  });

  test.each<[string, number, string, object, RegExp]>([
    [
      "another model",
      404,
      "/v1/completions",
      { model: "x", prompt: "x" },
      /^The model `x` does not exist\.$/,
    ],
    [
      "more tokens than the context has",
      400,
      "/v1/chat/completions",
      { messages: [{ role: "user", content: "Hello" }], max_tokens: 1999 },
      /^This model's maximum context length is 2000 tokens\. However, you requested 2001 tokens \(2 in the/,
    ],
    ["nothing to embed", 400, "/v1/embeddings", {}, /^input: /],
    ["texts that do not pair", 400, "/v1/score", { text_1: ["a", "b"], text_2: "c" }, /1:1, 1:N or N:N/],
    [
      "a format that it cannot make",
      400,
      "/v1/audio/speech",
      { input: "a", response_format: "mp3" },
      /wav only/,
    ],
    ["JSON where a form is due", 400, "/v1/audio/transcriptions", { file: "a" }, /multipart\/form-data/],
    ["a form without its file", 400, "/v1/audio/translations", form({ model: "" }), /^file: Field required/],
    [
      "an empty file",
      400,
      "/v1/audio/transcriptions",
      form({ file: new Blob([]) }),
      /^Invalid or unsupported/,
    ],
    ["no image", 400, "/v1/images/edits", form({ prompt: "a" }), /^image: Field required/],
    [
      "an image that is none",
      400,
      "/v1/images/edits",
      form({ prompt: "a", image: new Blob(["text"]) }),
      /^Invalid image/,
    ],
    ["a size that is none", 400, "/v1/images/generations", { prompt: "a", size: "big" }, /1024x1024/],
  ])("refuse %s with %i", async (_, status, route, body, message) => {
    const refused = await ask(route, body);
    expect(refused.status).toBe(status);
    expect(refused.json.error).toMatchObject({ message: expect.stringMatching(message), code: status });
  });
});
