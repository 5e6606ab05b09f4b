import { request } from "node:http";
import { describe, expect, onTestFinished, test } from "vitest";
import { eventually } from "../../support/eventually.js";
import { simulatedVllm } from "../../support/simulated-vllm.js";
import { startedModel } from "../../support/started-model.js";

/** A connection of its own each: one that a crash dropped must not be used again. */
async function health(url: string): Promise<number> {
  return (await fetch(`${url}/health`, { headers: { connection: "close" } })).status;
}

/** Requests an endless completion, and can disconnect. */
function endless(url: string, parts: { readonly stream?: boolean } = {}) {
  const client = request(`${url}/v1/completions`, { method: "POST", agent: false });
  const brokenOff = new Promise<void>((resolve) => client.once("close", resolve));
  client.on("error", () => {});
  client.on("response", (response) => response.on("error", () => {}).resume());
  client.end(JSON.stringify({ prompt: "x", max_tokens: 1_000_000, ...parts }));
  return { leave: () => client.destroy(), brokenOff };
}

test("while it loads, a model is not healthy and refuses to generate", async () => {
  const model = simulatedVllm({ loadSeconds: 600 });
  onTestFinished(() => model.stop());
  const url = await model.start();
  expect(await health(url)).toBe(503);
  const body = JSON.stringify({ prompt: "x" });
  expect((await fetch(`${url}/v1/completions`, { method: "POST", body })).status).toBe(503);
  expect(model).toMatchObject({ state: "loading", stats: { requests: 0, refused: 1 } });
});

test("the log shows loading as vLLM's does, and then each request", async () => {
  const { url, log } = await startedModel({ model: "my/model" });
  await fetch(`${url}/v1/completions`, { method: "POST", body: JSON.stringify({ prompt: "x" }) });
  const lines = (await log()).trimEnd().split("\n");
  expect(lines[0]).toMatch(/^INFO \d\d-\d\d \d\d:\d\d:\d\d \[api_server\.py:\d+\] vLLM API server version/);
  expect(lines.filter((line) => line.includes("checkpoint shards"))).toHaveLength(5);
  expect(lines.at(-2)).toBe("INFO:     Application startup complete.");
  expect(lines.at(-1)).toMatch(/^INFO: {5}127\.0\.0\.1:\d+ - "POST \/v1\/completions HTTP\/1\.1" 200 OK$/);
});

describe("when its client goes away, a model stops generating and logs it", () => {
  test.each([
    ["in a stream", true],
    ["before a plain answer", false],
  ])("%s", async (_, stream) => {
    const { model, url, log } = await startedModel({ tokensPerSecond: 100 });
    const client = endless(url, { stream });
    await eventually(() => expect(model.stats.produced).toBeGreaterThan(0));
    expect(model.stats).toMatchObject({ requests: 1, running: 1 });
    client.leave();
    await eventually(() => expect(model.stats).toMatchObject({ running: 0, cancelled: 1, completed: 0 }));
    expect(await log()).toContain("the client went away");
  });

  test("while it waits for a place", async () => {
    const { model, url } = await startedModel({ maxConcurrency: 1 });
    const [first, second, third] = [endless(url), endless(url), endless(url)];
    await eventually(() => expect(model.stats).toMatchObject({ running: 1, waiting: 2 }));
    second.leave();
    await eventually(() => expect(model.stats).toMatchObject({ running: 1, waiting: 1, cancelled: 1 }));
    first.leave();
    await eventually(() => expect(model.stats).toMatchObject({ running: 1, waiting: 0, cancelled: 2 }));
    third.leave();
    await eventually(() => expect(model.stats).toMatchObject({ running: 0, cancelled: 3 }));
  });
});

describe("a model that crashes", () => {
  test("drops its connections, writes a traceback and is not healthy", async () => {
    const { model, url, log } = await startedModel();
    const client = endless(url, { stream: true });
    await eventually(() => expect(model.stats.running).toBe(1));
    model.crash();
    await client.brokenOff;
    expect(await health(url)).toBe(503);
    expect(await log()).toMatch(/Traceback \(most recent call last\):\n(.*\n)*RuntimeError: Engine/);
    await eventually(() => expect(model.stats).toMatchObject({ running: 0, cancelled: 1 }));
  });

  test("loads again when it is restarted", async () => {
    const { model, url, log } = await startedModel();
    model.crash();
    model.restart();
    await eventually(() => expect(model.state).toBe("ready"));
    expect(await health(url)).toBe(200);
    expect((await log()).match(/Application startup complete\./g)).toHaveLength(2);
  });
});

test("a log that cannot be written is one clear error", () => {
  expect(() => simulatedVllm({ logFile: "/nowhere/model.log" })).toThrow("cannot write the model's log");
});
