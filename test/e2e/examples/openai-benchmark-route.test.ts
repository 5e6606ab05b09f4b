import { describe, expect, onTestFinished, test, vi } from "vitest";
import { ExampleFixture } from "../../support/example-fixture.js";
import { plain, RawModel } from "../../support/raw-model.js";

const NOT_FOUND = plain({
  status: 404,
  headers: ["content-type", "application/json"],
  body: '{"detail":"Not Found"}',
});

/** A model server that is healthy and serves one route only, as those do whose model is no language model. */
async function modelWith(route: string, body: string): Promise<RawModel> {
  const model = await RawModel.start();
  onTestFinished(() => model.stop());
  for (const path of ["/v1/completions", "/v1/chat/completions"]) model.on(path, NOT_FOUND);
  model.on(route, plain({ headers: ["content-type", "application/json"], body }));
  return model;
}

/** The form that the model was sent last. */
function lastForm(model: RawModel): Promise<FormData> {
  const isForm = (type = ""): boolean => type.startsWith("multipart/form-data");
  const sent = model.requests.findLast(({ headers }) => isForm(headers.get("content-type")));
  if (sent === undefined) throw new Error("expected the model to be sent a form");
  const headers = { "content-type": sent.headers.get("content-type") ?? "" };
  return new Response(new Uint8Array(sent.body), { headers }).formData();
}

describe("a server without completions is ready with one variable", () => {
  test("an embedding model behind vLLM's worker", async () => {
    const model = await modelWith("/v1/embeddings", '{"data":[],"usage":{"completion_tokens":0}}');
    const env = { BENCHMARK_ROUTE: "/v1/embeddings", VLLM_MODEL: "embedder" };
    const fixture = await ExampleFixture.readyForTest("vllm", { modelPort: model.port, env });
    const rounds = fixture.lines.filter(({ msg }) => msg === "benchmark round");
    expect(rounds.map(({ requests, successes }) => [requests, successes])).toEqual([
      [10, 10],
      [10, 10],
      [10, 10],
    ]);
    expect(Number(rounds[0]?.throughput) * Number(rounds[0]?.seconds)).toBeCloseTo(10 * 500, 3);
    const sent = model.bodiesAt("/v1/embeddings").map((body) => JSON.stringify(body));
    expect(new Set(sent).size).toBe(31);
    expect(JSON.parse(sent[0] ?? "")).toEqual({
      model: "embedder",
      input: expect.stringMatching(/^.{600}$/),
    });
    expect(model.bodiesAt("/v1/completions")).toEqual([]);
    expect((await fixture.ask("/v1/embeddings", { input: "Hello" })).status).toBe(200);
  });

  test("a Whisper behind SGLang's worker", async () => {
    const model = await modelWith("/v1/audio/transcriptions", '{"text":"The ferry leaves."}');
    const env = { BENCHMARK_ROUTE: "/v1/audio/transcriptions", SGLANG_MODEL: "whisper" };
    const fixture = await ExampleFixture.readyForTest("sglang", { modelPort: model.port, env });
    const received = model.requests.filter(({ path }) => path === "/v1/audio/transcriptions");
    expect(received).toHaveLength(1 + 2 * 4);
    expect(new Set(received.map(({ body }) => body.toString("base64"))).size).toBe(9);
    const form = await lastForm(model);
    expect(form.get("model")).toBe("whisper");
    const file = form.get("file") as File;
    expect([file.name, file.type]).toEqual(["speech.wav", "audio/wav"]);
    // 30 s of 16,000 samples of a byte.
    expect(file.size).toBe(44 + 480_000);
    const rounds = fixture.lines.filter(({ msg }) => msg === "benchmark round");
    expect(Number(rounds[0]?.throughput) * Number(rounds[0]?.seconds)).toBeCloseTo(4 * 500, 3);
  });

  test("a diffusion model behind llama.cpp's worker", async () => {
    const model = await modelWith("/v1/images/edits", '{"data":[{"b64_json":"iVBO"}]}');
    const env = { BENCHMARK_ROUTE: "/v1/images/edits", MODEL_NAME: "painter" };
    const fixture = await ExampleFixture.readyForTest("llama-cpp", { modelPort: model.port, env });
    const form = await lastForm(model);
    expect([form.get("model"), form.get("size")]).toEqual(["painter", "1024x1024"]);
    const image = Buffer.from(await (form.get("image") as File).arrayBuffer());
    expect(image.toString("latin1", 1, 4)).toBe("PNG");
    expect([image.readUInt32BE(16), image.readUInt32BE(20)]).toEqual([1024, 1024]);
    expect(fixture.lines.filter(({ msg }) => msg === "benchmark round")).toMatchObject([
      { requests: 2, successes: 2 },
    ]);

    // Its server has routes of its own.
    const own = ["/v1/responses", "/v1/messages", "/completion", "/infill", "/tokenize"];
    for (const route of own) {
      expect(await fixture.ask(route, { input: "Hi", prompt: "Hi" })).toMatchObject({ status: 200 });
      expect(model.bodiesAt(route)).toEqual([{ input: "Hi", prompt: "Hi" }]);
    }
    model.on("/v1/models", plain({ body: '{"data":[{"id":"painter"}]}' }));
    expect(await (await fetch(`${fixture.workerUrl}/v1/models`)).json()).toEqual({
      data: [{ id: "painter" }],
    });
  });
});

test.each([
  ["vllm", "embeddings", "/v1/embeddings", { input: "Hello" }],
  ["sglang", "ranking", "/v1/rerank", { query: "sea", documents: ["the sea"] }],
  ["vllm", "transcriptions", "/v1/audio/transcriptions", { file: "UklGRg==", filename: "a.wav" }],
  ["vllm", "images", "/v1/images/generations", { prompt: "Sea", size: "64x64" }],
])("a simulated %s that serves %s alone has a worker that is ready with one variable", async (...parts) => {
  const [name, serves, route, payload] = parts;
  const sim = ["--serves", serves];
  const fixture = await ExampleFixture.readyForTest(name, { sim, env: { BENCHMARK_ROUTE: route } });
  expect((await fixture.ask(route, payload)).status).toBe(200);
  expect((await fixture.ask("/v1/completions", { prompt: "Hello" })).status).toBe(404);
});

test("without the variable the worker is errored, and its message has the server's answer", async () => {
  const model = await modelWith("/v1/embeddings", "{}");
  const fixture = await ExampleFixture.forTest("vllm", { modelPort: model.port });
  expect(await fixture.hasReached("errored")).toMatchObject({
    fault: expect.stringMatching(
      /^No successful responses from benchmark: \/v1\/completions answered 404: Not Found/,
    ),
  });
});

describe("the routes for batches, videos and references", () => {
  test("reach the server in the form that it takes", async () => {
    const model = await RawModel.start();
    onTestFinished(() => model.stop());
    const env = {
      MODEL_NAME: "mine",
      OPENAI_ROUTES:
        "/v1/completions,/v1/chat/completions/batch,/v1/audio/speech/batch,/v1/audio/generate,/v1/videos/sync,/v1/images/edits",
    };
    const fixture = await ExampleFixture.readyForTest("vllm", { modelPort: model.port, env, capacity: 1e6 });
    const file = Buffer.from("RIFF").toString("base64");

    const conversations = { messages: [[{ role: "user", content: "a" }], [{ role: "user", content: "b" }]] };
    expect((await fixture.ask("/v1/chat/completions/batch", conversations)).status).toBe(200);
    expect(model.bodiesAt("/v1/chat/completions/batch")).toEqual([{ ...conversations, model: "mine" }]);

    const items = { items: [{ input: "Hi", ref_audio: "data:audio/wav;base64,UklGRg==" }], model: "theirs" };
    expect((await fixture.ask("/v1/audio/speech/batch", { input: items })).status).toBe(200);
    expect(model.bodiesAt("/v1/audio/speech/batch")).toEqual([items]);

    expect((await fixture.ask("/v1/audio/generate", { input: "Rain" })).status).toBe(200);
    expect(model.bodiesAt("/v1/audio/generate")).toEqual([{ input: "Rain" }]);

    const filmed = await fixture.ask("/v1/videos/sync", {
      prompt: "A kite",
      num_frames: 33,
      input_reference: file,
      input_reference_filename: "first.jpg",
      input_references: [file, file],
      source_audio: file,
      image_reference: { image_url: "https://example.com/a.png" },
    });
    expect(filmed.status).toBe(200);
    const video = await lastForm(model);
    expect([...video.keys()].toSorted()).toEqual(
      [
        "prompt",
        "num_frames",
        "input_reference",
        "input_references",
        "input_references",
        "source_audio",
        "image_reference",
        "model",
      ].toSorted(),
    );
    expect((video.get("input_reference") as File).name).toBe("first.jpg");
    expect((video.get("source_audio") as File).type).toBe("audio/wav");
    expect(JSON.parse(String(video.get("image_reference")))).toEqual({
      image_url: "https://example.com/a.png",
    });

    const url = ["https://example.com/a.png", "https://example.com/b.png"];
    expect((await fixture.ask("/v1/images/edits", { prompt: "Night", url })).status).toBe(200);
    const edit = await lastForm(model);
    expect(edit.getAll("url[]")).toEqual(url);
    expect(edit.get("model")).toBe("mine");

    const { length } = model.requests;
    const refused = await fixture.ask("/v1/videos/sync", {
      prompt: "x",
      video_reference: { video_url: "file:///x" },
      source_video: file,
      source_video_filename: "../a.mp4",
    });
    expect(refused).toEqual({
      status: 422,
      body: { payload: { "video_reference.video_url": expect.stringMatching(/^must be an http:/) } },
    });
    const named = await fixture.ask("/v1/videos/sync", {
      prompt: "x",
      source_video: file,
      source_video_filename: "../a.mp4",
    });
    expect(named).toEqual({
      status: 422,
      body: { payload: { source_video_filename: expect.stringMatching(/^must be a plain file name/) } },
    });
    expect(
      model.requests
        .slice(length)
        .map(({ path }) => path)
        .filter((path) => path !== "/health"),
    ).toEqual([]);
  });
});

test("a variable with which the worker cannot work ends it with what to do", async () => {
  const env = { BENCHMARK_ROUTE: "/v1/embedings" };
  const fixture = await ExampleFixture.forTest("vllm", { modelPort: 1, env });
  await vi.waitFor(() => expect(fixture.errors).toMatch(/\n/), { timeout: 45_000 });
  expect(fixture.errors).toMatch(
    /^error: BENCHMARK_ROUTE: expected one of \/v1\/completions, .*, got "\/v1\/embedings"\n$/,
  );
});
