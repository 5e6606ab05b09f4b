import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { ExampleStand } from "../../support/example-stand.js";

vi.setConfig({ testTimeout: 90_000, hookTimeout: 90_000 });

describe("examples/llama-cpp", () => {
  let stand: ExampleStand;
  beforeAll(async () => {
    stand = await ExampleStand.ready("llama-cpp", { sim: ["--context-length", "1000"] });
  });
  afterAll(() => stand?.stop());

  test("is measured with three rounds of 10 requests, when the log says that the model is loaded", () => {
    const rounds = stand.lines.filter(({ msg }) => msg === "benchmark round");
    expect(rounds).toHaveLength(3);
    expect(rounds.at(-1)).toMatchObject({ round: 3, rounds: 3, requests: 10, successes: 10 });
    expect(stand.modelOutput()).toMatch(/main: model loaded$/m);
  });

  test("completes a chat, whatever model it names", async () => {
    const asked = { model: "any", messages: [{ role: "user", content: "Hello" }], max_tokens: 3 };
    const { status, body } = await stand.ask("/v1/chat/completions", asked);
    expect(status).toBe(200);
    expect(body).toMatchObject({ usage: { completion_tokens: 3 } });
  });

  test("passes on what llama.cpp says of a request that is too long", async () => {
    const prompt = "word ".repeat(1100);
    expect(await stand.ask("/v1/completions", { prompt })).toMatchObject({
      status: 400,
      body: { error: { message: expect.stringMatching(/exceeds the available context size \(1000 tokens/) } },
    });
  });

  test("has a client that streams a completion", async () => {
    expect(await stand.client()).toMatch(/^\w.*\n20 tokens\n$/);
  });
});

describe("examples/llama-cpp, when the model fails", () => {
  test("by running out of memory: errored with its own words, which are not Python's", async () => {
    const stand = await ExampleStand.forTest("llama-cpp", { sim: ["--fail", "out-of-memory"] });
    expect(await stand.reaches("errored")).toMatchObject({
      fault: expect.stringContaining("error loading model"),
    });
  });

  test("in the middle of a stream: the stream breaks off, and the worker is errored", async () => {
    // One request to warm up and three rounds of 10 come before the one that it dies in.
    const stand = await ExampleStand.forTest("llama-cpp", {
      sim: ["--fail", "crash-in-answer", "--fail-at", "32"],
    });
    await stand.reaches("ready");
    const payload = { prompt: "Hello", max_tokens: 1_000_000, stream: true };
    const answer = await stand.endpoint.request("/v1/completions", payload, { stream: true, retry: false });
    const reading = (async () => {
      for await (const _ of answer);
    })();
    await expect(reading).rejects.toMatchObject({ code: "ANSWER_BROKEN" });
    await stand.reaches("errored");
  });
});
