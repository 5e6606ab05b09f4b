import { describe, expect, test } from "vitest";
import { eventually } from "../../support/eventually.js";
import { ExampleFixture } from "../../support/example-fixture.js";

describe("examples/vllm, when the model fails", () => {
  test("by running out of memory: errored with vLLM's line, and back when it has been started again", async () => {
    const fixture = await ExampleFixture.forTest("vllm", {
      // Long enough for a worker that starts slowly: a failure that is over before it looks is none.
      sim: ["--fail", "out-of-memory", "--restart-seconds", "8"],
    });
    expect(await fixture.hasReached("errored")).toMatchObject({
      fault: expect.stringMatching(/RuntimeError: Engine|Traceback/),
    });
    await fixture.reaches("ready");
  });

  test("in the middle of a stream: the stream breaks off, and the worker is errored", async () => {
    const fixture = await ExampleFixture.forTest("vllm", {
      // One request to warm up, three rounds of 10, and then the one that it dies in.
      sim: ["--fail", "crash-in-answer", "--fail-at", "32"],
    });
    await fixture.reaches("ready");
    const payload = { prompt: "Hello", max_tokens: 1_000_000, stream: true };
    const answer = await fixture.endpoint.request("/v1/completions", payload, { stream: true, retry: false });
    const reading = (async () => {
      for await (const _ of answer);
    })();
    await expect(reading).rejects.toMatchObject({ code: "ANSWER_BROKEN" });
    expect(await fixture.reaches("errored")).toMatchObject({ fault: expect.any(String) });
  });

  test.each([
    ["a context that is too short", ["--context-length", "500"], "answered 400"],
    ["another name than MODEL_NAME", ["--model", "another"], "answered 404"],
  ])("the benchmark, for %s: the worker is errored, and its log has the answer", async (_, sim, fault) => {
    const fixture = await ExampleFixture.forTest("vllm", { sim, env: { MODEL_NAME: "simulated/llm-8b" } });
    expect(await fixture.hasReached("errored")).toMatchObject({
      fault: expect.stringMatching(/^No successful responses from benchmark/),
    });
    expect(fixture.lines).toContainEqual(
      expect.objectContaining({ msg: "benchmark round", fault: expect.stringContaining(fault) }),
    );
  });

  test("by not logging that it is ready: its health URL shows it", async () => {
    const fixture = await ExampleFixture.forTest("vllm", { sim: ["--fail", "no-ready-line"] });
    await fixture.reaches("ready");
    expect(fixture.modelOutput()).not.toContain("Application startup complete.");
  });

  test("by never being ready: the worker waits, and its refusals have the time to come back", async () => {
    const fixture = await ExampleFixture.forTest("vllm", { sim: ["--fail", "never-ready"] });
    await fixture.reaches("loading");
    const auth_data = fixture.engine.authData({ url: fixture.workerUrl });
    const body = JSON.stringify({ auth_data, payload: { prompt: "Hello" } });
    const refused = await eventually(async () => {
      const response = await fetch(`${fixture.workerUrl}/v1/completions`, { method: "POST", body });
      // It may still have to fetch the engine's key.
      expect(response.status).toBe(503);
      return response;
    });
    expect(refused.headers.get("retry-after")).toMatch(/^\d+$/);
    expect(fixture.states).toEqual(["loading"]);
  });
});
