import { describe, expect, test } from "vitest";
import { Serverless } from "../../../src/client/index.js";
import type { Engine } from "../../../src/engine/index.js";
import { eventually } from "../../support/eventually.js";
import { startedEngine } from "../../support/started-engine.js";
import { tinyWorker } from "../../support/tiny-worker.js";

function endpointOf(engine: Engine, parts: { readonly apiKey?: string; readonly name?: string } = {}) {
  return new Serverless({ apiKey: parts.apiKey ?? "key", engineUrl: engine.url }).endpoint(
    parts.name ?? "endpoint",
  );
}

const okWorker = () => tinyWorker((response) => response.end("{}"));

describe("a client that requests a worker", () => {
  test("waits until one is ready, as one request to the engine", async () => {
    const engine = await startedEngine();
    const worker = await okWorker();
    let timesUnrouted = 0;
    engine.on("unrouted", () => {
      timesUnrouted += 1;
    });
    const answering = endpointOf(engine).request("/go", {}, { cost: 7 });
    await eventually(() => expect(timesUnrouted).toBeGreaterThan(1));
    await worker.announce(engine);
    expect((await answering).status).toBe(200);
    expect(engine.totals).toMatchObject({ requested: 1, requestedLoad: 7 });
  });

  test("reports the engine's status when none became ready in time", async () => {
    const engine = await startedEngine();
    await expect(endpointOf(engine).request("/go", {}, { timeoutMs: 2500 })).rejects.toMatchObject({
      code: "NO_WORKER_READY",
      message: expect.stringContaining("0 workers: 0 loading"),
    });
  });

  test("reports the engine's last status, although the last call was cut short by the end of the time", async () => {
    const engine = await startedEngine();
    engine.once("unrouted", () => void engine.outage({ kind: "hang" }));
    await expect(endpointOf(engine).request("/go", {}, { timeoutMs: 3500 })).rejects.toMatchObject({
      code: "NO_WORKER_READY",
    });
  });

  test("survives an outage of the engine", async () => {
    const engine = await startedEngine();
    const worker = await okWorker();
    await worker.announce(engine);
    await engine.outage({ kind: "status", status: 503 });
    const answering = endpointOf(engine).request("/go", {});
    await engine.recover();
    expect((await answering).ok).toBe(true);
  });

  test.each([
    ["answers 500", { kind: "status", status: 500 }],
    ["never answers", { kind: "hang" }],
    ["does not listen", { kind: "refuse" }],
  ] as const)("gives up on an engine that %s, in time", async (_, outage) => {
    const engine = await startedEngine();
    await engine.outage(outage);
    await expect(endpointOf(engine).request("/go", {}, { timeoutMs: 300 })).rejects.toMatchObject({
      code: "ENGINE_UNREACHABLE",
    });
  });

  test.each([
    ["a wrong key", { apiKey: "wrong" }, "invalid api_key"],
    ["an unknown endpoint", { name: "other" }, "no such endpoint: other"],
  ])("gets an immediate error about %s", async (_, parts, reason) => {
    const engine = await startedEngine();
    await expect(endpointOf(engine, parts).request("/go", {})).rejects.toMatchObject({
      code: "ENGINE_REFUSED",
      message: expect.stringContaining(reason),
    });
  });

  test("stops when its signal is aborted, with the signal's reason", async () => {
    const engine = await startedEngine();
    const controller = new AbortController();
    const answering = endpointOf(engine).request("/go", {}, { signal: controller.signal });
    engine.on("unrouted", () => controller.abort(new Error("no longer wanted")));
    await expect(answering).rejects.toThrow("no longer wanted");
  });
});
