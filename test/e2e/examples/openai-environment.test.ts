import { appendFile } from "node:fs/promises";
import { describe, expect, test } from "vitest";
import { eventually } from "../../support/eventually.js";
import { ExampleFixture } from "../../support/example-fixture.js";

describe("examples/vllm takes from its environment", () => {
  test("another log, readiness line, health URL and model", async () => {
    const fixture = await ExampleFixture.forTest("vllm", {
      sim: ["--fail", "no-ready-line", "--model", "my/model"],
      env: {
        MODEL_LOAD_LOG_MSG: "something else\nmy image is ready",
        MODEL_INFO_LOG_MSGS: "GPU KV cache",
        MODEL_HEALTH_ENDPOINT: "/v1/models",
        MODEL_NAME: "my/model",
      },
    });
    await eventually(() =>
      expect(fixture.lines).toContainEqual(expect.objectContaining({ match: "GPU KV cache" })),
    );
    await eventually(() => expect(fixture.modelOutput()).toMatch(/listening/));
    // It is healthy, but the line is waited for.
    expect(fixture.states).toEqual(["loading"]);
    await appendFile(fixture.modelLogFile, "my image is ready\n");
    await fixture.reaches("ready");
  });

  test("other error lines", async () => {
    const fixture = await ExampleFixture.forTest("vllm", {
      env: { MODEL_ERROR_LOG_MSGS: "a thing that happens\nGraph capturing finished" },
    });
    // Whether the line is right, the health URL decides.
    await eventually(
      () =>
        expect(fixture.lines).toContainEqual(expect.objectContaining({ match: "Graph capturing finished" })),
      { timeoutMs: 45_000 },
    );
    await fixture.reaches("ready");
  });
});

test("examples/llama-cpp warns of values that cannot be right, uses the defaults and becomes ready", async () => {
  const env = {
    MODEL_LOG: "",
    MODEL_LOAD_LOG_MSG: "it is up",
    MODEL_HEALTH_ENDPOINT: "health",
    BENCHMARK_EMBED_CHARS: "many",
    OPENAI_ROUTES: "/v1/completions,/v1/embedings",
  };
  const fixture = await ExampleFixture.readyForTest("llama-cpp", { env, capacity: 1000 });
  const warned = fixture.errors.match(/^warning: \w+/gm);
  expect(warned?.toSorted()).toEqual([
    "warning: BENCHMARK_EMBED_CHARS",
    "warning: MODEL_HEALTH_ENDPOINT",
    "warning: MODEL_LOAD_LOG_MSG",
    "warning: OPENAI_ROUTES",
  ]);
  expect(fixture.errors).toMatch(/^warning: MODEL_HEALTH_ENDPOINT: .*, got "health": \/health is used$/m);
});
