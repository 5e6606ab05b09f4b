import { describe, expect, test } from "vitest";
import { readyWorker, startedWorker } from "./support/started-worker.js";

const FAILED = { of: "model", message: "CUDA out of memory" };

describe("a failure in the model's log", () => {
  test.each([
    ["loading", {}, async () => {}],
    [
      "benchmarking",
      {},
      async ({ log }: ReturnType<typeof startedWorker>) => {
        await log("log.loaded");
      },
    ],
    [
      "verifying",
      { hasHealth: true },
      async ({ log, benchmark }: ReturnType<typeof startedWorker>) => {
        await log("log.loaded");
        await benchmark.succeed(50);
      },
    ],
    [
      "ready",
      {},
      async ({ log, benchmark }: ReturnType<typeof startedWorker>) => {
        await log("log.loaded");
        await benchmark.succeed(50);
      },
    ],
  ])(
    "makes a worker that is %s errored, with the matched substring as its message",
    async (from, input, go) => {
      const started = startedWorker(input);
      await go(started);
      expect(started.state()).toBe(from);
      await started.log("log.failed", "CUDA out of memory");
      if (started.worker.getSnapshot().context.hasHealth) await started.probeHealth.fail();
      expect(started.state()).toBe("errored");
      expect(started.fault()).toEqual(FAILED);
      expect(started.reported()?.errorMsg).toBe("CUDA out of memory");
      expect(started.edge.traffic.at(-1)).toEqual({ type: "traffic.closed", reason: "errored" });
    },
  );

  test("stops a benchmark that is running", async () => {
    const { benchmark, log } = startedWorker();
    await log("log.loaded");
    await log("log.failed");
    expect(benchmark.all[0]?.signal.aborted).toBe(true);
  });

  test("is reported again when another one follows", async () => {
    const { log, fault, reported } = await readyWorker();
    await log("log.failed", "Traceback");
    await log("log.failed", "CUDA out of memory");
    expect(fault()).toEqual(FAILED);
    expect(reported()?.errorMsg).toBe("CUDA out of memory");
  });
});

describe("an errored worker", () => {
  test("is ready again when the log shows that the model has loaded, and reports that its error is over", async () => {
    const { edge, state, fault, reported, log } = await readyWorker();
    await log("log.failed", "CUDA out of memory");
    await log("log.loaded");
    expect(state()).toBe("ready");
    expect(fault()).toBeUndefined();
    expect(reported()?.errorMsg).toBe("");
    expect(edge.traffic.map(({ type }) => type)).toEqual([
      "traffic.opened",
      "traffic.closed",
      "traffic.opened",
    ]);
  });

  test("keeps its message until it is ready again", async () => {
    const { probeHealth, reported, log } = await readyWorker({ hasHealth: true });
    await log("log.failed", "CUDA out of memory");
    await probeHealth.fail();
    await log("log.loaded");
    expect(reported()?.errorMsg).toBe("CUDA out of memory");
    await probeHealth.succeed();
    expect(reported()?.errorMsg).toBe("");
  });

  test("does not repeat a measurement that it has", async () => {
    const { benchmark, edge, log } = await readyWorker();
    await log("log.failed");
    await log("log.loaded");
    expect(benchmark.count).toBe(1);
    expect(edge.traffic.at(-1)).toEqual({ type: "traffic.opened", maxPerf: 50 });
  });

  test("reports the load time of its first start, not of its recovery", async () => {
    const { worker, log, pass } = await readyWorker({ startedAt: -10_000 });
    await pass(800_000);
    await log("log.failed");
    await log("log.loaded");
    expect(worker.getSnapshot().context.loadtime).toBe(10);
  });

  test("verifies the model's health after it was loaded again", async () => {
    const { probeHealth, state, log } = await readyWorker({ hasHealth: true });
    await log("log.failed");
    await probeHealth.fail();
    await log("log.loaded");
    expect(state()).toBe("verifying");
    await probeHealth.fail();
    expect(state()).toBe("verifying");
  });

  test("runs the benchmark where the model failed before it was measured", async () => {
    const { benchmark, state, log } = startedWorker();
    await log("log.failed");
    await log("log.loaded");
    expect(state()).toBe("benchmarking");
    await benchmark.succeed(50);
    expect(state()).toBe("ready");
  });
});

describe("the health URL of a worker that was ready", () => {
  test("makes it errored when it fails", async () => {
    const { probeHealth, state, fault, reported, pass } = await readyWorker({ hasHealth: true });
    await pass(10_000);
    await probeHealth.fail("status 503");
    expect(state()).toBe("errored");
    expect(fault()).toEqual({ of: "model", message: "status 503" });
    expect(reported()?.errorMsg).toBe("status 503");
  });

  test("leads back to ready when it answers 200 again: 10 s later, not at once", async () => {
    const { probeHealth, state, pass } = await readyWorker({ hasHealth: true });
    await pass(10_000);
    await probeHealth.fail();
    const asked = probeHealth.count;
    await pass(9999);
    expect(probeHealth.count).toBe(asked);
    expect(state()).toBe("errored");
    await pass(1);
    await probeHealth.succeed();
    expect(state()).toBe("ready");
  });

  test("is probed every 10 s as long as it fails", async () => {
    const { probeHealth, state, pass } = await readyWorker({ hasHealth: true });
    await pass(10_000);
    await probeHealth.fail();
    for (let times = 0; times < 5; times++) {
      await pass(10_000);
      await probeHealth.fail();
      expect(state()).toBe("errored");
    }
  });

  test("leads back from a failure that the log reported", async () => {
    const { probeHealth, state, pass, log } = await readyWorker({ hasHealth: true });
    await log("log.failed");
    await probeHealth.fail();
    expect(state()).toBe("errored");
    await pass(10_000);
    await probeHealth.succeed();
    expect(state()).toBe("ready");
  });

  test("continues to be watched after the recovery", async () => {
    const { probeHealth, state, pass } = await readyWorker({ hasHealth: true });
    await pass(10_000);
    await probeHealth.fail();
    await pass(10_000);
    await probeHealth.succeed();
    expect(state()).toBe("ready");
    await probeHealth.fail();
    expect(state()).toBe("errored");
  });

  test("leads to the benchmark where the model failed while it was loading", async () => {
    const { benchmark, probeHealth, state, pass, log } = startedWorker({ hasHealth: true });
    await log("log.failed");
    await probeHealth.fail();
    await pass(10_000);
    await probeHealth.succeed();
    expect(state()).toBe("benchmarking");
    await benchmark.succeed(50);
    expect(state()).toBe("ready");
  });
});

describe("a worker without any readiness signal of its model", () => {
  test("is measured again 10 s after a benchmark that failed, again and again", async () => {
    const { benchmark, state, fault, reported, pass } = startedWorker({ readiness: "none", hasLog: false });
    for (let times = 1; times <= 3; times++) {
      await benchmark.fail("nothing answers");
      expect(state()).toBe("errored");
      expect(fault()).toEqual({ of: "benchmark", message: "nothing answers" });
      await pass(9999);
      expect(state()).toBe("errored");
      expect(benchmark.count).toBe(times);
      await pass(1);
      expect(state()).toBe("benchmarking");
      expect(benchmark.count).toBe(times + 1);
    }
    await benchmark.succeed(50);
    expect(state()).toBe("ready");
    expect(reported()).toMatchObject({ maxPerf: 50, errorMsg: "" });
    await pass(600_000);
    expect(state()).toBe("ready");
    expect(benchmark.count).toBe(4);
  });

  test("is measured again when its health URL answers 200, where it has one", async () => {
    const { benchmark, probeHealth, state, pass } = startedWorker({
      readiness: "none",
      hasLog: false,
      hasHealth: true,
    });
    await benchmark.fail();
    await pass(10_000);
    await probeHealth.fail();
    expect(state()).toBe("errored");
    await pass(10_000);
    await probeHealth.succeed();
    expect(state()).toBe("benchmarking");
  });
});

describe("a benchmark that fails", () => {
  test("makes the worker errored with its message", async () => {
    const { benchmark, state, fault, log } = startedWorker();
    await log("log.loaded");
    await benchmark.fail("No successful responses from benchmark");
    expect(state()).toBe("errored");
    expect(fault()).toEqual({ of: "benchmark", message: "No successful responses from benchmark" });
  });

  test.each(["the log", "the health URL"])(
    "is run again when %s shows that the model is back",
    async (by) => {
      const { benchmark, probeHealth, state, log, pass } = startedWorker({
        hasHealth: by === "the health URL",
      });
      await log("log.loaded");
      await benchmark.fail();
      if (by === "the log") await log("log.loaded");
      else {
        await pass(10_000);
        await probeHealth.succeed();
      }
      expect(state()).toBe("benchmarking");
      expect(benchmark.count).toBe(2);
      await benchmark.succeed(50);
      expect(state()).toBe("ready");
    },
  );
});
