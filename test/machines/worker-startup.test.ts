import { describe, expect, test } from "vitest";
import { startedWorker } from "./support/started-worker.js";

describe("a worker that starts", () => {
  test("loads, benchmarks and is ready, without a health URL and unsecured", async () => {
    const { benchmark, edge, state, log } = startedWorker();
    expect(state()).toBe("loading");
    expect(benchmark.count).toBe(0);
    await log("log.loaded");
    expect(state()).toBe("benchmarking");
    expect(benchmark.count).toBe(1);
    expect(edge.traffic).toEqual([]);
    await benchmark.succeed(50);
    expect(state()).toBe("ready");
    expect(edge.traffic).toEqual([{ type: "traffic.opened", maxPerf: 50 }]);
  });

  test("waits for the health URL's 200 after the benchmark", async () => {
    const { benchmark, probeHealth, edge, state, log, pass } = startedWorker({ hasHealth: true });
    await log("log.loaded");
    await benchmark.succeed(50);
    expect(state()).toBe("verifying");
    await probeHealth.fail();
    await pass(10_000);
    expect(state()).toBe("verifying");
    expect(edge.traffic).toEqual([]);
    await probeHealth.succeed();
    expect(state()).toBe("ready");
  });

  test("waits for the key after the benchmark when it is secured", async () => {
    const { benchmark, fetchKey, state, log } = startedWorker({ secured: true });
    await log("log.loaded");
    await benchmark.succeed(50);
    expect(state()).toBe("verifying");
    await fetchKey.succeed("the key");
    expect(state()).toBe("ready");
  });

  test("needs the key and the health URL, in whichever order they come", async () => {
    for (const order of ["key first", "health first"]) {
      const { benchmark, fetchKey, probeHealth, state, log } = startedWorker({
        secured: true,
        hasHealth: true,
      });
      await log("log.loaded");
      await benchmark.succeed(50);
      if (order === "key first") await fetchKey.succeed("the key");
      else await probeHealth.succeed();
      expect(state()).toBe("verifying");
      if (order === "key first") await probeHealth.succeed();
      else await fetchKey.succeed("the key");
      expect(state()).toBe("ready");
    }
  });

  test("hands the key on as soon as it comes, whatever it is doing", async () => {
    const { edge, fetchKey, state } = startedWorker({ secured: true });
    await fetchKey.succeed("the key");
    expect(state()).toBe("loading");
    expect(edge.received).toContainEqual({ type: "key.held", pem: "the key" });
  });

  test("does not request a key when it is unsecured", () => {
    expect(startedWorker({ secured: false }).fetchKey.count).toBe(0);
  });

  test("is ready by the health URL alone where that decides that the model has loaded", async () => {
    const { benchmark, probeHealth, state, pass } = startedWorker({
      readiness: "health",
      hasLog: false,
      hasHealth: true,
    });
    await probeHealth.fail();
    await pass(1000);
    await probeHealth.succeed();
    expect(state()).toBe("benchmarking");
    await benchmark.succeed(50);
    await probeHealth.succeed();
    expect(state()).toBe("ready");
  });

  test("benchmarks at once where there is no model to wait for", () => {
    expect(startedWorker({ readiness: "none", hasLog: false }).state()).toBe("benchmarking");
  });

  test("opens each of its queues at the edge, once and with its limit", () => {
    const { edge, worker } = startedWorker({
      queues: [
        { name: "serial", limit: 1 },
        { name: "/v1/chat", limit: Number.POSITIVE_INFINITY },
      ],
    });
    expect(edge.opened("serial")).toHaveLength(1);
    expect(edge.opened("/v1/chat")).toHaveLength(1);
    const { children } = worker.getSnapshot();
    const queues = Object.keys(children).filter((id) => id.startsWith("queue."));
    expect(queues).toEqual(["queue.serial", "queue./v1/chat"]);
    expect(children["queue.serial"]?.getSnapshot().context.limit).toBe(1);
    expect(children["queue./v1/chat"]?.getSnapshot().context.limit).toBe(Number.POSITIVE_INFINITY);
  });

  test("reports each state to the engine at once, and the load time with the first ready", async () => {
    const { benchmark, deliver, log, pass } = startedWorker({ startedAt: -6_500 });
    await pass(1000);
    await log("log.loaded");
    await benchmark.succeed(50);
    expect(deliver.all.map(({ input }) => input.condition)).toEqual([
      { maxPerf: 0, errorMsg: "", loadtime: 0 },
      { maxPerf: 0, errorMsg: "", loadtime: 0 },
      { maxPerf: 50, errorMsg: "", loadtime: 0 },
      { maxPerf: 50, errorMsg: "", loadtime: 7.5 },
    ]);
  });
});
