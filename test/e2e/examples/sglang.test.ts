import OpenAI from "openai";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ExampleFixture } from "../../support/example-fixture.js";

const messages = [{ role: "user" as const, content: "Hello" }];

describe("examples/sglang", () => {
  let fixture: ExampleFixture;
  beforeAll(async () => {
    fixture = await ExampleFixture.ready("sglang", { sim: ["--context-length", "1000"] });
  });
  afterAll(() => fixture?.stop());

  test("is measured with three rounds of 10 requests, when the log shows that SGLang is ready", () => {
    const rounds = fixture.lines.filter(({ msg }) => msg === "benchmark round");
    expect(rounds).toHaveLength(3);
    expect(rounds.at(-1)).toMatchObject({ round: 3, rounds: 3, requests: 10, successes: 10 });
    expect(fixture.modelOutput()).toMatch(/\] The server is fired up and ready to roll!$/m);
  });

  test("answers the openai package, whole and as a stream", async () => {
    const { endpoint } = fixture;
    const openai = new OpenAI({ baseURL: endpoint.openaiUrl, apiKey: "unused", fetch: endpoint.fetch });
    const wanted = { model: "default", messages, max_tokens: 8 };
    const whole = await openai.chat.completions.create(wanted);
    let text = "";
    for await (const { choices } of await openai.chat.completions.create({ ...wanted, stream: true })) {
      text += choices[0]?.delta.content ?? "";
    }
    expect(text).toBe(whole.choices[0]?.message.content);
  });

  test("passes on SGLang's error about a request that is too long", async () => {
    const refused = await fixture.ask("/v1/completions", { prompt: "Hello", max_tokens: 1100 });
    expect(refused).toMatchObject({
      status: 400,
      body: { object: "error", message: expect.stringMatching(/maximum context length of 1000 tokens/) },
    });
  });

  test("has a client that shows what batching does", async () => {
    expect(await fixture.client()).toMatch(
      /^1 at once: 128 tokens in .*\n4 at once: 512 .*\n16 at once: 2048 /,
    );
  });
});

describe("examples/sglang, when the model fails", () => {
  test("by running out of memory: errored", async () => {
    const fixture = await ExampleFixture.forTest("sglang", { sim: ["--fail", "out-of-memory"] });
    expect(await fixture.reaches("errored")).toMatchObject({
      fault: expect.stringContaining("Traceback (most recent call last):"),
    });
  });

  test("by dying in an answer: errored, and back when it has been started again", async () => {
    // One request to warm up and three rounds of 10 come before the one that it dies in.
    const sim = ["--fail", "crash-in-answer", "--fail-at", "32", "--restart-seconds", "0.5"];
    const fixture = await ExampleFixture.forTest("sglang", { sim });
    await fixture.reaches("ready");
    // 503 where it was asked again and does not listen for work yet.
    expect([502, 503]).toContain((await fixture.ask("/v1/completions", { prompt: "Hello" })).status);
    await fixture.hasReached("errored");
    await fixture.reaches("ready");
  });

  test("to have a log: its health URL shows that it is ready", async () => {
    const fixture = await ExampleFixture.forTest("sglang", { env: { MODEL_LOG: "" } });
    await fixture.reaches("ready");
    expect(fixture.lines).not.toContainEqual(expect.objectContaining({ msg: "model log" }));
  });
});
