import { describe, expect, test } from "vitest";
import { eventually } from "../../support/eventually.js";
import { ExampleStand } from "../../support/example-stand.js";

describe("examples/vllm, when the model fails", () => {
  test("by running out of memory: errored with vLLM's line, and back when it has been started again", async () => {
    const stand = await ExampleStand.forTest("vllm", {
      // Long enough for a worker that starts slowly: a failure that is over before it looks is none.
      sim: ["--fail", "out-of-memory", "--restart-seconds", "8"],
    });
    expect(await stand.hasReached("errored")).toMatchObject({
      fault: expect.stringMatching(/RuntimeError: Engine|Traceback/),
    });
    await stand.reaches("ready");
  });

  test("in the middle of a stream: the stream breaks off, and the worker is errored", async () => {
    const stand = await ExampleStand.forTest("vllm", {
      // One request to warm up, three rounds of 10, and then the one that it dies in.
      sim: ["--fail", "crash-in-answer", "--fail-at", "32"],
    });
    await stand.reaches("ready");
    const payload = { prompt: "Hello", max_tokens: 1_000_000, stream: true };
    const answer = await stand.endpoint.request("/v1/completions", payload, { stream: true, retry: false });
    const reading = (async () => {
      for await (const _ of answer);
    })();
    await expect(reading).rejects.toMatchObject({ code: "ANSWER_BROKEN" });
    expect(await stand.reaches("errored")).toMatchObject({ fault: expect.any(String) });
  });

  test.each([
    ["a context that is too short", ["--context-length", "500"], "answered 400"],
    ["another name than MODEL_NAME", ["--model", "another"], "answered 404"],
  ])("the benchmark, for %s: the worker is errored, and its log has the answer", async (_, sim, fault) => {
    const stand = await ExampleStand.forTest("vllm", { sim, env: { MODEL_NAME: "simulated/llm-8b" } });
    expect(await stand.hasReached("errored")).toMatchObject({
      fault: expect.stringMatching(/^No successful responses from benchmark/),
    });
    expect(stand.lines).toContainEqual(
      expect.objectContaining({ msg: "benchmark round", fault: expect.stringContaining(fault) }),
    );
  });

  test("by not saying that it is ready: its health tells", async () => {
    const stand = await ExampleStand.forTest("vllm", { sim: ["--fail", "no-ready-line"] });
    await stand.reaches("ready");
    expect(stand.modelOutput()).not.toContain("Application startup complete.");
  });

  test("by never being ready: the worker waits, and says in refusals when to come back", async () => {
    const stand = await ExampleStand.forTest("vllm", { sim: ["--fail", "never-ready"] });
    await stand.reaches("loading");
    const auth_data = stand.engine.authData({ url: stand.workerUrl });
    const body = JSON.stringify({ auth_data, payload: { prompt: "Hello" } });
    const refused = await eventually(async () => {
      const response = await fetch(`${stand.workerUrl}/v1/completions`, { method: "POST", body });
      // It may still have to fetch the engine's key.
      expect(response.status).toBe(503);
      return response;
    });
    expect(refused.headers.get("retry-after")).toMatch(/^\d+$/);
    expect(stand.states).toEqual(["loading"]);
  });
});
