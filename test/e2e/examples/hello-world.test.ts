import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ExampleFixture } from "../../support/example-fixture.js";

describe("examples/hello-world", () => {
  let fixture: ExampleFixture;
  beforeAll(async () => {
    fixture = await ExampleFixture.ready("hello-world");
  });
  afterAll(() => fixture?.stop());

  test("is measured with three rounds, when the log shows that the server has started", () => {
    const rounds = fixture.lines.filter(({ msg }) => msg === "benchmark round");
    expect(rounds.map(({ round }) => round)).toEqual([1, 2, 3]);
    expect(fixture.lines.map(({ match }) => match)).toContain("infer server has started");
  });

  test("generates, whole and as a stream", async () => {
    const payload = { prompt: "Hello world", max_tokens: 5 };
    const { body } = await fixture.ask("/generate", payload);
    expect(body).toEqual({ text: expect.stringMatching(/\w/), tokens: 5 });
    let text = "";
    const stream = await fixture.endpoint.request<{ readonly token: string }>("/generate_stream", payload, {
      stream: true,
    });
    for await (const { token } of stream) text += token;
    expect(body).toMatchObject({ text });
  });

  test("answers /ping by itself, and /healthcheck by the server, to anybody", async () => {
    expect(await (await fetch(`${fixture.workerUrl}/ping`)).text()).toBe("pong");
    expect(await (await fetch(`${fixture.workerUrl}/healthcheck`)).json()).toEqual({ status: "ok" });
  });

  test.each([
    [{}, "nothing"],
    [{ prompt: "  " }, '"  "'],
    [{ prompt: 7 }, "7"],
  ])("refuses %j, with a message about what to do", async (payload, got) => {
    expect(await fixture.ask("/generate", payload)).toEqual({
      status: 422,
      body: { payload: { prompt: `must be a text such as "Hello", got ${got}` } },
    });
  });

  test("has a client that sends two requests", async () => {
    const printed = await fixture.client();
    expect(printed).toMatch(/^(\w.*)\n12 tokens from http:\/\/127\.0\.0\.1:\d+\n\n\1\n$/);
  });
});

describe("examples/hello-world, when the server fails", () => {
  test("while it loads: errored, and back when it has been started again", async () => {
    const sim = ["--fail", "out-of-memory", "--restart-seconds", "8"];
    const fixture = await ExampleFixture.forTest("hello-world", { sim, isModelLast: true });
    expect(await fixture.hasReached("errored")).toMatchObject({ fault: "Exception: corrupted model file" });
    await fixture.reaches("ready");
  });

  test("by not logging that it has started: its health URL shows it", async () => {
    const fixture = await ExampleFixture.forTest("hello-world", { sim: ["--fail", "no-ready-line"] });
    await fixture.reaches("ready");
    expect(fixture.modelOutput()).not.toContain("infer server has started");
  });
});
