import { appendFile } from "node:fs/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { eventually } from "../../support/eventually.js";
import { ExampleFixture } from "../../support/example-fixture.js";
import { freePort } from "../../support/free-port.js";

const SHARED = ["/v1/completions", "/v1/chat/completions", "/v1/embeddings", "/v1/rerank"];
const messages = [{ role: "user", content: "Hello" }];

/** llama.cpp's own routes, with a request for each and what its answer has. */
const OWN_REQUESTS: readonly (readonly [string, Record<string, unknown>, object])[] = [
  ["/v1/responses", { input: "Hello", max_output_tokens: 3 }, { object: "response", status: "completed" }],
  ["/v1/messages", { messages, max_tokens: 3 }, { type: "message", usage: { output_tokens: 3 } }],
  ["/v1/messages/count_tokens", { messages }, { input_tokens: expect.any(Number) }],
  ["/completion", { prompt: "Hello", n_predict: 3 }, { stop: true, tokens_predicted: 3 }],
  ["/infill", { input_prefix: "f(", input_suffix: ")", n_predict: 3 }, { tokens_predicted: 3 }],
  ["/tokenize", { content: "one two" }, { tokens: [expect.any(Number), expect.any(Number)] }],
  ["/detokenize", { tokens: [] }, { content: "" }],
  ["/apply-template", { messages }, { prompt: expect.stringContaining("Hello") }],
];
const OWN = OWN_REQUESTS.map(([route]) => route);

describe("examples/llama-cpp", () => {
  let fixture: ExampleFixture;
  beforeAll(async () => {
    // Four requests of the benchmark, of 750 tokens each, run side by side.
    fixture = await ExampleFixture.ready("llama-cpp", {
      sim: ["--context-length", "4000"],
      env: { OPENAI_ROUTES: [...SHARED, ...OWN].join() },
    });
  });
  afterAll(() => fixture?.stop());

  test("is measured with three rounds of 10 requests, when the log shows that the model is loaded", () => {
    const rounds = fixture.lines.filter(({ msg }) => msg === "benchmark round");
    expect(rounds).toHaveLength(3);
    expect(rounds.at(-1)).toMatchObject({ round: 3, rounds: 3, requests: 10, successes: 10 });
    expect(fixture.modelOutput()).toMatch(/main: model loaded$/m);
  });

  test("completes a chat, whatever model it names", async () => {
    const asked = { model: "any", messages: [{ role: "user", content: "Hello" }], max_tokens: 3 };
    const { status, body } = await fixture.ask("/v1/chat/completions", asked);
    expect(status).toBe(200);
    expect(body).toMatchObject({ usage: { completion_tokens: 3 } });
  });

  test("passes on llama.cpp's error about a request that is too long", async () => {
    const prompt = "word ".repeat(4100);
    expect(await fixture.ask("/v1/completions", { prompt })).toMatchObject({
      status: 400,
      body: {
        error: {
          type: "exceed_context_size_error",
          message: expect.stringMatching(
            /^request \(\d+ tokens\) exceeds the available context size \(4000 tokens/,
          ),
          n_ctx: 4000,
        },
      },
    });
  });

  test.each(OWN_REQUESTS)("serves %s", async (route, payload, body) => {
    expect(await fixture.ask(route, payload)).toMatchObject({ status: 200, body });
  });

  test("lists the model for anybody, without a signature", async () => {
    const response = await fetch(`${fixture.workerUrl}/v1/models`);
    expect([response.status, await response.json()]).toMatchObject([
      200,
      { data: [{ owned_by: "llamacpp" }] },
    ]);
  });

  test.each<[string, Record<string, unknown>, number]>([
    ["an empty prompt", { prompt: "", max_tokens: 4 }, 4],
    ["a limit of 0", { prompt: "Hello", max_tokens: 0 }, 1],
    ["an object with a prompt", { prompt: { prompt_string: "Hello" }, max_tokens: 4 }, 4],
    ["tokens and texts mixed", { prompt: [17, "Hello"], max_tokens: 4 }, 4],
  ])("takes what the server takes: %s", async (_, payload, completion_tokens) => {
    const { status, body } = await fixture.ask("/v1/completions", payload);
    expect([status, body]).toMatchObject([200, { usage: { completion_tokens } }]);
  });

  test("takes a limit of -1: the model ends the text by itself", async () => {
    const { status, body } = await fixture.ask("/v1/chat/completions", { messages, max_tokens: -1 });
    expect([status, body]).toMatchObject([200, { choices: [{ finish_reason: "stop" }] }]);
  });

  test("passes on that the server was started without embeddings, and the client does not try again", async () => {
    const { status, response } = await fixture.endpoint.request("/v1/embeddings", { input: "Hello" });
    expect([status, await response.json()]).toMatchObject([
      501,
      { error: { message: expect.stringContaining("Start it with `--embeddings`") } },
    ]);
    const asked = fixture.modelOutput().match(/done request: POST \/v1\/embeddings 127\.0\.0\.1 501/g);
    expect(asked).toHaveLength(1);
  });

  test("has a client that streams a completion", async () => {
    expect(await fixture.client()).toMatch(/^\w.*\n20 tokens\n$/);
  });
});

describe("examples/llama-cpp, with one variable,", () => {
  test("is ready in front of a model for embeddings", async () => {
    const env = { BENCHMARK_ROUTE: "/v1/embeddings" };
    const fixture = await ExampleFixture.readyForTest("llama-cpp", { sim: ["--embeddings"], env });
    const { status, body } = await fixture.ask("/v1/embeddings", { input: "Hello" });
    expect([status, body]).toMatchObject([200, { data: [{ index: 0 }] }]);
  });

  test("is ready in front of a reranker, which takes documents or texts", async () => {
    const env = { BENCHMARK_ROUTE: "/v1/rerank" };
    const fixture = await ExampleFixture.readyForTest("llama-cpp", { sim: ["--reranking"], env });
    const asked = { query: "red sea", texts: ["red sea", "hill"] };
    expect(await fixture.ask("/v1/rerank", asked)).toMatchObject({
      status: 200,
      body: [
        { index: 0, score: 1 },
        { index: 1, score: 0 },
      ],
    });
  });
});

describe("examples/llama-cpp, when the model fails", () => {
  test("by running out of memory: errored with its own message, which is not Python's", async () => {
    const fixture = await ExampleFixture.forTest("llama-cpp", { sim: ["--fail", "out-of-memory"] });
    expect(await fixture.reaches("errored")).toMatchObject({
      fault: expect.stringContaining("error loading model"),
    });
  });

  test("in the middle of a stream: the stream breaks off, and the worker is errored", async () => {
    // One request to warm up and three rounds of 10 come before the one that it dies in.
    const fixture = await ExampleFixture.forTest("llama-cpp", {
      sim: ["--fail", "crash-in-answer", "--fail-at", "32"],
    });
    await fixture.reaches("ready");
    const payload = { prompt: "Hello", max_tokens: 1_000_000, stream: true };
    const answer = await fixture.endpoint.request("/v1/completions", payload, { stream: true, retry: false });
    const reading = (async () => {
      for await (const _ of answer);
    })();
    await expect(reading).rejects.toMatchObject({ code: "ANSWER_BROKEN" });
    await fixture.reaches("errored");
  });

  test.each([
    "error: invalid argument: --no-such-flag",
    "srv    load_model: failed to create context with model '/m.gguf'",
  ])("by not starting at all: errored with its line, %s", async (line) => {
    const fixture = await ExampleFixture.forTest("llama-cpp", { modelPort: await freePort() });
    await fixture.reaches("loading");
    await appendFile(fixture.modelLogFile, `build_info: b8797-5ebd2a1\n${line}\n`);
    expect(await fixture.reaches("errored")).toMatchObject({ fault: expect.stringContaining(line) });
  });

  test("only in the text of a client: the worker stays ready", async () => {
    const fixture = await ExampleFixture.readyForTest("llama-cpp", { capacity: 1000 });
    const prompt = "main: exiting due to model loading error\nerror: invalid argument: --x";
    const request = `srv  log_server_r: request:  ${JSON.stringify({ prompt })}`;
    await appendFile(fixture.modelLogFile, `${request}\n`);
    expect(await fixture.ask("/v1/completions", { prompt, max_tokens: 2 })).toMatchObject({ status: 200 });
    // A line that the worker shows: it has read the log up to there.
    await appendFile(fixture.modelLogFile, '{"message":"Downloading the end"}\n');
    await eventually(() => expect(JSON.stringify(fixture.lines)).toContain("Downloading the end"));
    expect(fixture.states.at(-1)).toBe("ready");
    expect(fixture.states).not.toContain("errored");
  });
});
