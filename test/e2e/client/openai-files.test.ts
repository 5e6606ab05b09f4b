import { createServer } from "node:http";
import OpenAI, { toFile } from "openai";
import { expect, onTestFinished, test } from "vitest";
import { Serverless } from "../../../src/client/index.js";
import { close, httpUrl, listen } from "../../../src/shared/listen.js";
import { ClientFixture } from "../../support/client-fixture.js";
import { tinyEndpoint } from "../../support/tiny-endpoint.js";

/** Bytes of every value, more than one chunk of the encoder. */
const BYTES = Uint8Array.from({ length: 100_000 }, (_, index) => (index * 7) % 256);
const TEXT = Buffer.from(BYTES).toString("base64");

const openaiOf = (endpoint: { readonly openaiUrl: string; readonly fetch: typeof fetch }): OpenAI =>
  new OpenAI({ baseURL: endpoint.openaiUrl, apiKey: "unused", fetch: endpoint.fetch });

/** An endpoint that answers with JSON, and the requests that it received. */
async function taking() {
  const { endpoint, worker } = await tinyEndpoint((response) =>
    response.writeHead(200, { "content-type": "application/json" }).end('{"text":"hi","data":[]}'),
  );
  return { openai: openaiOf(endpoint), endpoint, worker };
}

test("a file to transcribe goes to the worker as base64 text, with its name", async () => {
  const { openai, worker } = await taking();
  const file = await toFile(BYTES, "hello.wav");
  const { text } = await openai.audio.transcriptions.create({
    file,
    model: "whisper",
    response_format: "verbose_json",
    timestamp_granularities: ["word", "segment"],
  });
  expect(text).toBe("hi");
  expect(worker.seen[0]?.path).toBe("/v1/audio/transcriptions");
  expect(worker.seen[0]?.body).toMatchObject({
    payload: {
      file: TEXT,
      filename: "hello.wav",
      model: "whisper",
      timestamp_granularities: ["word", "segment"],
    },
  });
});

test("images to edit go as a list, and a single one as itself", async () => {
  const { openai, worker } = await taking();
  const [a, b, mask] = await Promise.all(["a.png", "b.png", "mask.png"].map((name) => toFile(BYTES, name)));
  if (!a || !b || !mask) throw new Error("expected three files");
  await openai.images.edit({ image: [a, b], mask, prompt: "a cat", n: 2 });
  await openai.images.edit({ image: a, prompt: "a dog" });
  expect(worker.seen).toMatchObject([
    {
      path: "/v1/images/edits",
      body: { payload: { image: [TEXT, TEXT], mask: TEXT, prompt: "a cat", n: "2" } },
    },
    { path: "/v1/images/edits", body: { payload: { image: TEXT, prompt: "a dog" } } },
  ]);
});

test("a Request with a form is sent alike", async () => {
  const { endpoint, worker } = await taking();
  const form = new FormData();
  form.set("file", new File(["abc"], "a.txt"));
  form.set("__proto__", "x");
  await endpoint.fetch(new Request(`${endpoint.openaiUrl}/go`, { method: "POST", body: form }));
  expect(JSON.stringify(worker.seen[0]?.body)).toContain(
    '"payload":{"file":"YWJj","filename":"a.txt","__proto__":"x"}',
  );
});

test("a binary answer is unchanged", async () => {
  const { endpoint } = await tinyEndpoint((response) =>
    response.writeHead(200, { "content-type": "audio/mpeg" }).end(BYTES),
  );
  const speech = await openaiOf(endpoint).audio.speech.create({ model: "tts", voice: "alloy", input: "Hi" });
  expect(new Uint8Array(await speech.arrayBuffer())).toEqual(BYTES);
});

test("the model receives the form of the package", async () => {
  const forms: FormData[] = [];
  const model = createServer(async (request, response) => {
    if (request.method !== "POST") return void response.end();
    const headers = { "content-type": request.headers["content-type"] ?? "" };
    const body = new Blob(await request.toArray());
    forms.push(await new Response(body, { headers }).formData());
    response.writeHead(200, { "content-type": "application/json" }).end('{"text":"hi"}');
  });
  const modelServerUrl = httpUrl("127.0.0.1", await listen(model, "127.0.0.1", 0));
  onTestFinished(() => close(model));
  const files = { extensions: ["wav"], defaultFilename: "audio.wav", filenameField: "filename" };
  const fixture = await ClientFixture.start({
    config: {
      modelServerUrl,
      handlers: [
        { route: "/v1/completions", benchmarkConfig: { dataset: [{ prompt: "hello" }] } },
        { route: "/v1/audio/transcriptions", multipart: { files: { file: files } } },
      ],
    },
  });
  onTestFinished(() => fixture.stop());
  const openai = openaiOf(
    new Serverless({ apiKey: "key", engineUrl: fixture.engine.url }).endpoint("endpoint"),
  );
  const file = await toFile(BYTES, "hello.wav");
  expect(await openai.audio.transcriptions.create({ file, model: "whisper" })).toEqual({ text: "hi" });
  const [form] = forms;
  const sent = form?.get("file");
  if (!(sent instanceof File)) throw new Error("expected a file");
  expect([sent.name, form?.get("model"), form?.has("filename")]).toEqual(["hello.wav", "whisper", false]);
  expect(new Uint8Array(await sent.arrayBuffer())).toEqual(BYTES);
  await expect(
    openai.audio.transcriptions.create({ file: await toFile(BYTES, "hello.exe"), model: "whisper" }),
  ).rejects.toMatchObject({ status: 422, message: expect.stringContaining("filename") });
});
