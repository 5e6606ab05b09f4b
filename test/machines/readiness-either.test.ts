import { describe, expect, test } from "vitest";
import { startedModel } from "./support/started-model.js";
import { failKey, startedWorker } from "./support/started-worker.js";

const LOADED = { type: "model.loaded" };
const either = { readiness: "either", hasLog: true, hasHealth: true } as const;

describe("a model whose log or health URL decides that it has loaded", () => {
  test("has its health URL probed from the start, a second after each failure", async () => {
    const { probeHealth, reported, pass } = startedModel(either);
    for (let tries = 1; tries <= 3; tries++) {
      expect(probeHealth.count).toBe(tries);
      await probeHealth.fail();
      await pass(1000);
    }
    expect(reported).toEqual([]);
    await probeHealth.succeed();
    expect(reported).toEqual([LOADED]);
  });

  test("is not probed any more once its log was faster, until the worker verifies", async () => {
    const { probeHealth, reported, log, verify, pass } = startedModel(either);
    log("log.loaded", "startup complete");
    expect(probeHealth.all[0]?.signal.aborted).toBe(true);
    probeHealth.all[0]?.resolve();
    await pass(60_000);
    expect(probeHealth.count).toBe(1);
    expect(reported).toEqual([LOADED]);
    verify();
    await probeHealth.succeed();
    expect(reported).toEqual([LOADED, { type: "model.healthy" }]);
  });

  test("is not probed any more once its log was faster between two probes", async () => {
    const { probeHealth, log, pass } = startedModel(either);
    await probeHealth.fail();
    log("log.loaded", "startup complete");
    await pass(60_000);
    expect(probeHealth.count).toBe(1);
  });
});

describe("a worker that uses the log or the health URL, whichever is first", () => {
  test.each([
    ["the log", "the health URL"],
    ["the health URL", "the log"],
  ])("benchmarks once when %s is first and %s second", async (first) => {
    const { benchmark, probeHealth, state, log, pass } = startedWorker(either);
    if (first === "the log") await log("log.loaded");
    else await probeHealth.succeed();
    expect(state()).toBe("benchmarking");
    if (first === "the log") await pass(10_000);
    else await log("log.loaded");
    expect(state()).toBe("benchmarking");
    expect(benchmark.count).toBe(1);
    expect(benchmark.all[0]?.signal.aborted).toBe(false);
    await benchmark.succeed(50);
    await probeHealth.succeed();
    expect(state()).toBe("ready");
  });

  test("stays ready when the log follows after all", async () => {
    const { benchmark, probeHealth, edge, state, log } = startedWorker(either);
    await probeHealth.succeed();
    await benchmark.succeed(50);
    await probeHealth.succeed();
    await log("log.loaded");
    expect(state()).toBe("ready");
    expect(edge.traffic).toEqual([{ type: "traffic.opened", maxPerf: 50 }]);
    expect(benchmark.count).toBe(1);
  });

  test.each(["the log", "the health URL"])("is led back from an error by %s", async (by) => {
    const { benchmark, probeHealth, state, log, pass } = startedWorker(either);
    await log("log.loaded");
    await benchmark.succeed(50);
    await probeHealth.succeed();
    await log("log.failed", "Traceback");
    await probeHealth.fail();
    expect(state()).toBe("errored");
    if (by === "the log") {
      await log("log.loaded");
      expect(state()).toBe("verifying");
    } else await pass(10_000);
    await probeHealth.succeed();
    expect(state()).toBe("ready");
  });

  test("benchmarks when the health URL answers after a failure while loading", async () => {
    const { probeHealth, state, log, pass } = startedWorker(either);
    await log("log.failed", "Traceback");
    await probeHealth.fail();
    await pass(10_000);
    await probeHealth.succeed();
    expect(state()).toBe("benchmarking");
  });

  test.each(["errored", "loading"])(
    "benchmarks when the health URL answers though the key could not be had: %s",
    async (from) => {
      const started = startedWorker({ ...either, secured: true });
      await failKey(started);
      await started.pass(10_000);
      if (from === "loading") await started.fetchKey.succeed("the key");
      expect(started.state()).toBe(from);
      await started.probeHealth.succeed();
      expect(started.state()).toBe("benchmarking");
    },
  );
});
