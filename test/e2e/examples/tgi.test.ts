import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { eventually } from "../../support/eventually.js";
import { ExampleFixture } from "../../support/example-fixture.js";

interface Event {
  readonly token: { readonly text: string };
  readonly generated_text: string | null;
}

describe("examples/tgi", () => {
  let fixture: ExampleFixture;
  beforeAll(async () => {
    fixture = await ExampleFixture.ready("tgi");
  });
  afterAll(() => fixture?.stop());

  test("is measured with 50 requests at once, when the router's log shows that it is connected", () => {
    expect(fixture.lines.filter(({ msg }) => msg === "benchmark round").at(-1)).toMatchObject({
      requests: 50,
      successes: 50,
    });
    const matches = fixture.lines.map(({ match }) => match);
    expect(matches).toContainEqual(
      expect.stringContaining('"message":"Connected","target":"text_generation_router::server"'),
    );
    expect(matches).toContain('"message":"Download');
  });

  test("generates, whole and as a stream of tokens whose last has the whole", async () => {
    const payload = { inputs: "Tell me about light", parameters: { max_new_tokens: 9, temperature: 0.5 } };
    const { body } = await fixture.ask("/generate", payload);
    expect(body).toEqual({ generated_text: expect.stringMatching(/\w/) });
    const events: Event[] = [];
    const stream = await fixture.endpoint.request<Event>("/generate_stream", payload, { stream: true });
    for await (const event of stream) events.push(event);
    expect(events).toHaveLength(9);
    expect(events.slice(0, -1).every(({ generated_text }) => generated_text === null)).toBe(true);
    expect(events.map(({ token }) => token.text).join("")).toBe(events.at(-1)?.generated_text);
    expect(body).toEqual({ generated_text: events.at(-1)?.generated_text });
  });

  test("returns the prompt where it is requested", async () => {
    const parameters = { max_new_tokens: 2, return_full_text: true };
    expect(await fixture.ask("/generate", { inputs: "The sea", parameters })).toMatchObject({
      body: { generated_text: expect.stringMatching(/^The sea\w/) },
    });
  });

  test.each([
    [{}, { inputs: expect.stringMatching(/^must be a text such as "Hello"/) }],
    [{ prompt: "Hello" }, { inputs: expect.stringMatching(/"prompt" and "messages" belong to OpenAI's/) }],
    [{ inputs: "Hello", max_new_tokens: 3 }, { max_new_tokens: 'belongs into "parameters", got 3' }],
    [{ inputs: "Hello", parameters: 3 }, { parameters: expect.stringMatching(/^must be an object such as/) }],
    [
      { inputs: "Hello", parameters: { max_new_tokens: "many" } },
      { "parameters.max_new_tokens": 'must be an integer from 1 on, without quotes, got "many"' },
    ],
  ])("refuses %j, with a message about what to do", async (payload, faults) => {
    expect(await fixture.ask("/generate", payload)).toEqual({ status: 422, body: { payload: faults } });
  });

  test.each([
    [{ max_new_tokens: 5000 }, "`inputs` tokens + `max_new_tokens` must be <= 4096"],
    [{ temperature: 0 }, "`temperature` must be strictly positive"],
    [{ top_p: 1 }, "`top_p` must be > 0.0 and < 1.0"],
  ])("passes on TGI's answer to %j", async (parameters, message) => {
    expect(await fixture.ask("/generate", { inputs: "Hello", parameters })).toMatchObject({
      status: 422,
      body: {
        error: expect.stringContaining(`Input validation error: ${message}`),
        error_type: "validation",
      },
    });
  });

  test("has a client that streams", async () => {
    expect(await fixture.client()).toMatch(/^> Tell me about light and stone\.\n\w.*\n\d+ characters\n$/);
  });
});

describe("examples/tgi, when the model fails", () => {
  test("by running out of memory: errored, and back when it has been started again", async () => {
    const sim = ["--fail", "out-of-memory", "--restart-seconds", "8"];
    const fixture = await ExampleFixture.forTest("tgi", { sim, isModelLast: true });
    expect(await fixture.hasReached("errored")).toMatchObject({ fault: "Error: ShardCannotStart" });
    await fixture.reaches("ready");
  });

  test("in the middle of a stream: the stream breaks off, and the worker is errored", async () => {
    // One request to warm up and eight rounds of 50 come before the one that it dies in.
    const fixture = await ExampleFixture.forTest("tgi", {
      sim: ["--fail", "crash-in-answer", "--fail-at", "402"],
    });
    await fixture.reaches("ready");
    const payload = { inputs: "Hello", parameters: { max_new_tokens: 4000 } };
    const answer = await fixture.endpoint.request("/generate_stream", payload, {
      stream: true,
      retry: false,
    });
    const reading = (async () => {
      for await (const _ of answer);
    })();
    await expect(reading).rejects.toMatchObject({ code: "ANSWER_BROKEN" });
    expect(await fixture.reaches("errored")).toMatchObject({ fault: expect.any(String) });
  });

  test("by not logging that it is ready: its health URL shows it", async () => {
    const fixture = await ExampleFixture.forTest("tgi", { sim: ["--fail", "no-ready-line"] });
    await fixture.reaches("ready");
    expect(fixture.modelOutput()).not.toContain('"message":"Connected"');
  });

  test("by never being ready: the worker continues to wait", async () => {
    const fixture = await ExampleFixture.forTest("tgi", { sim: ["--fail", "never-ready"] });
    await eventually(() => expect(fixture.modelOutput()).toContain("Downloaded"));
    await fixture.reaches("loading");
    expect(fixture.states).toEqual(["loading"]);
  });
});
