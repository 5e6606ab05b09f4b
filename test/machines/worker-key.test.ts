import { describe, expect, test } from "vitest";
import { failKey, startedWorker } from "./support/started-worker.js";

const KEY_FAULT = {
  of: "key",
  message: "Failed to get Serverless public key after all retry attempts",
};

describe("a key that cannot be had", () => {
  test("makes a worker whose model is loading errored, with the message that the engine expects", async () => {
    const started = startedWorker({ secured: true });
    await failKey(started);
    expect(started.state()).toBe("errored");
    expect(started.fault()).toEqual(KEY_FAULT);
    expect(started.reported()?.errorMsg).toBe(KEY_FAULT.message);
  });

  test("makes a worker errored that waits for nothing else", async () => {
    const started = startedWorker({ secured: true });
    await started.log("log.loaded");
    await started.benchmark.succeed(50);
    await failKey(started);
    expect(started.state()).toBe("errored");
    expect(started.fault()).toEqual(KEY_FAULT);
  });

  test("does not disturb a benchmark, and counts after it", async () => {
    const started = startedWorker({ secured: true });
    await started.log("log.loaded");
    await failKey(started);
    expect(started.state()).toBe("benchmarking");
    await started.benchmark.succeed(50);
    expect(started.state()).toBe("errored");
    expect(started.fault()).toEqual(KEY_FAULT);
  });

  test("lets the model load meanwhile", async () => {
    const started = startedWorker({ secured: true });
    await failKey(started);
    await started.log("log.loaded");
    expect(started.state()).toBe("benchmarking");
    await started.benchmark.succeed(50);
    expect(started.state()).toBe("errored");
    expect(started.reported()).toMatchObject({ maxPerf: 50, errorMsg: KEY_FAULT.message });
  });
});

describe("a key that comes after all", () => {
  test("makes a worker ready that lacked nothing else, and lets it check signatures", async () => {
    const started = startedWorker({ secured: true });
    await started.log("log.loaded");
    await started.benchmark.succeed(50);
    await failKey(started);
    await started.pass(10_000);
    await started.fetchKey.succeed("the key");
    expect(started.state()).toBe("ready");
    expect(started.reported()?.errorMsg).toBe("");
    expect(started.edge.received).toContainEqual({ type: "key.held", pem: "the key" });
  });

  test("leads a worker whose model has not loaded back to loading, and its message stays until it is ready", async () => {
    const started = startedWorker({ secured: true });
    await failKey(started);
    await started.pass(10_000);
    await started.fetchKey.succeed("the key");
    expect(started.state()).toBe("loading");
    expect(started.edge.received).toContainEqual({ type: "key.held", pem: "the key" });
    await started.log("log.loaded");
    await started.benchmark.succeed(50);
    expect(started.state()).toBe("ready");
    expect(started.reported()?.errorMsg).toBe("");
  });

  test("does not excuse a model that failed meanwhile, but is handed on", async () => {
    const started = startedWorker({ secured: true });
    await started.log("log.loaded");
    await started.benchmark.succeed(50);
    await failKey(started);
    await started.log("log.failed", "Traceback");
    await started.pass(10_000);
    await started.fetchKey.succeed("the key");
    expect(started.state()).toBe("errored");
    expect(started.fault()).toEqual({ of: "model", message: "Traceback" });
    expect(started.edge.received).toContainEqual({ type: "key.held", pem: "the key" });
    await started.log("log.loaded");
    expect(started.state()).toBe("ready");
  });

  test("makes a worker ready whose model failed and recovered before", async () => {
    const started = startedWorker({ secured: true });
    await started.log("log.failed", "Traceback");
    await failKey(started);
    await started.log("log.loaded");
    await started.benchmark.succeed(50);
    expect(started.state()).toBe("errored");
    expect(started.fault()).toEqual(KEY_FAULT);
    await started.pass(10_000);
    await started.fetchKey.succeed("the key");
    expect(started.state()).toBe("ready");
  });

  test("in the middle of the benchmark lets the worker be ready after it", async () => {
    const started = startedWorker({ secured: true });
    await failKey(started);
    await started.log("log.loaded");
    await started.pass(10_000);
    await started.fetchKey.succeed("the key");
    expect(started.state()).toBe("benchmarking");
    await started.benchmark.succeed(50);
    expect(started.state()).toBe("ready");
  });

  test("leaves the model's health to be verified where there is a health URL", async () => {
    const started = startedWorker({ secured: true, hasHealth: true });
    await started.log("log.loaded");
    await started.benchmark.succeed(50);
    await failKey(started);
    await started.pass(10_000);
    await started.fetchKey.succeed("the key");
    expect(started.state()).toBe("verifying");
    await started.probeHealth.succeed();
    expect(started.state()).toBe("ready");
  });
});

describe("a model's health that is in doubt while the key is awaited", () => {
  test("is probed again before a worker that verifies is ready", async () => {
    const started = startedWorker({ secured: true, hasHealth: true });
    await started.log("log.loaded");
    await started.benchmark.succeed(50);
    await started.probeHealth.succeed();
    await started.pass(10_000);
    await started.probeHealth.fail();
    expect(started.state()).toBe("verifying");
    await started.fetchKey.succeed("the key");
    expect(started.state()).toBe("verifying");
    expect(started.edge.traffic).toEqual([]);
    await started.pass(10_000);
    await started.probeHealth.succeed();
    expect(started.state()).toBe("ready");
  });

  test("counts as it was last", async () => {
    const started = startedWorker({ secured: true, hasHealth: true });
    await started.log("log.loaded");
    await started.benchmark.succeed(50);
    for (const how of ["fail", "succeed", "fail", "succeed"] as const) {
      await started.probeHealth[how](undefined as never);
      await started.pass(10_000);
      expect(started.state()).toBe("verifying");
    }
    await started.fetchKey.succeed("the key");
    expect(started.state()).toBe("ready");
  });

  test.each([
    ["makes an errored worker ready with the key as long as it is not", false],
    ["keeps an errored worker from being ready with the key until it is there again", true],
  ])("%s", async (_, inDoubt) => {
    const started = startedWorker({ secured: true, hasHealth: true });
    await started.log("log.loaded");
    await started.benchmark.succeed(50);
    await started.probeHealth.succeed();
    await failKey(started);
    expect(started.state()).toBe("errored");
    await started.pass(10_000);
    if (inDoubt) {
      await started.probeHealth.fail();
      expect(started.fault()).toEqual(KEY_FAULT);
    }
    await started.fetchKey.succeed("the key");
    expect(started.state()).toBe(inDoubt ? "verifying" : "ready");
    if (!inDoubt) return;
    await started.probeHealth.fail();
    expect(started.state()).toBe("verifying");
    await started.pass(10_000);
    await started.probeHealth.succeed();
    expect(started.state()).toBe("ready");
  });
});

describe("a model that loads while the key cannot be had", () => {
  test("has loaded when its log shows it, not when its health URL answers", async () => {
    const started = startedWorker({ secured: true, hasHealth: true });
    await failKey(started);
    for (let times = 0; times < 3; times++) {
      await started.pass(10_000);
      await started.probeHealth.succeed();
      expect(started.state()).toBe("errored");
      expect(started.fault()).toEqual(KEY_FAULT);
    }
    expect(started.benchmark.count).toBe(0);
    await started.log("log.loaded");
    expect(started.state()).toBe("benchmarking");
    expect(started.benchmark.count).toBe(1);
  });

  test("and is back in `loading` has not loaded when its health URL answers, either", async () => {
    const started = startedWorker({ secured: true, hasHealth: true });
    await failKey(started);
    await started.pass(10_000);
    await started.fetchKey.succeed("the key");
    await started.probeHealth.succeed();
    expect(started.state()).toBe("loading");
    await started.log("log.loaded");
    expect(started.benchmark.count).toBe(1);
    await started.benchmark.succeed(50);
    expect(started.state()).toBe("verifying");
    await started.probeHealth.succeed();
    expect(started.state()).toBe("ready");
  });

  test.each(["errored", "loading"])(
    "has loaded when its health URL answers where that decides: %s",
    async (from) => {
      const started = startedWorker({
        secured: true,
        readiness: "health",
        hasLog: false,
        hasHealth: true,
      });
      await failKey(started);
      await started.pass(10_000);
      if (from === "loading") await started.fetchKey.succeed("the key");
      expect(started.state()).toBe(from);
      await started.probeHealth.succeed();
      expect(started.state()).toBe("benchmarking");
    },
  );
});
