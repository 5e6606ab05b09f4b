import { describe, expect, test } from "vitest";
import { startedModel } from "./support/started-model.js";
import { startedWorker } from "./support/started-worker.js";

const STARTED = { type: "model.started" };
const LOADED = { type: "model.loaded" };
const FAILED = { type: "model.failed", message: "lifecycle.start failed: no GPU" };
const byLifecycle = { readiness: "lifecycle", hasLog: false, hasLifecycle: true } as const;

describe("a model that the user's own code starts", () => {
  test("has loaded when that is done", async () => {
    const { startLifecycle, reported, pass } = startedModel(byLifecycle);
    expect(startLifecycle.count).toBe(1);
    expect(reported).toEqual([]);
    await startLifecycle.succeed();
    expect(reported).toEqual([STARTED, LOADED]);
    await pass(600_000);
    expect(startLifecycle.count).toBe(1);
    expect(reported).toEqual([STARTED, LOADED]);
  });

  test("is started again 10 s after a failure, again and again until it succeeds", async () => {
    const { startLifecycle, reported, pass } = startedModel(byLifecycle);
    for (let tries = 1; tries <= 3; tries++) {
      await startLifecycle.fail("no GPU");
      expect(reported).toEqual(Array.from({ length: tries }, () => FAILED));
      await pass(9999);
      expect(startLifecycle.count).toBe(tries);
      await pass(1);
      expect(startLifecycle.count).toBe(tries + 1);
    }
    await startLifecycle.succeed();
    expect(reported.slice(3)).toEqual([STARTED, LOADED]);
  });

  test("is not started where it was already, and is not reported as loaded either", async () => {
    const { startLifecycle, reported, pass } = startedModel({ ...byLifecycle, isStarted: true });
    await pass(60_000);
    expect(startLifecycle.count).toBe(0);
    expect(reported).toEqual([]);
  });

  test("is not waited for any more when the actor stops", () => {
    const { model, startLifecycle } = startedModel(byLifecycle);
    model.stop();
    expect(startLifecycle.all[0]?.signal.aborted).toBe(true);
  });

  test.each([
    ["log", { hasLog: true, hasHealth: false }],
    ["health", { hasLog: false, hasHealth: true }],
    ["either", { hasLog: true, hasHealth: true }],
  ] as const)(
    "is started where something else decides that it has loaded, too: %s",
    async (readiness, has) => {
      const { startLifecycle, reported } = startedModel({ readiness, ...has, hasLifecycle: true });
      await startLifecycle.succeed();
      expect(startLifecycle.count).toBe(1);
      expect(reported).toEqual([STARTED]);
    },
  );

  test("and is suspected is reported as loaded after 10 s, once", async () => {
    const { startLifecycle, reported, suspect, pass } = startedModel(byLifecycle);
    await startLifecycle.succeed();
    suspect();
    await pass(9999);
    expect(reported).toEqual([STARTED, LOADED]);
    await pass(1);
    await pass(600_000);
    expect(reported).toEqual([STARTED, LOADED, LOADED]);
  });

  test("and is suspected before it has started is not reported as loaded", async () => {
    const { reported, suspect, pass } = startedModel(byLifecycle);
    suspect();
    await pass(600_000);
    expect(reported).toEqual([]);
  });

  test("and is suspected has its health URL probed instead, where it has one", async () => {
    const { startLifecycle, probeHealth, reported, suspect, pass } = startedModel({
      ...byLifecycle,
      hasHealth: true,
    });
    await startLifecycle.succeed();
    suspect();
    await pass(10_000);
    await probeHealth.succeed();
    expect(reported).toEqual([STARTED, LOADED, { type: "model.healthy" }]);
  });
});

describe("a worker whose model is started by the user's own code", () => {
  test("benchmarks and is ready when that is done", async () => {
    const { startLifecycle, benchmark, state } = startedWorker(byLifecycle);
    expect(state()).toBe("loading");
    await startLifecycle.succeed();
    expect(state()).toBe("benchmarking");
    await benchmark.succeed(50);
    expect(state()).toBe("ready");
  });

  test("is errored when that fails, and continues when it succeeds later", async () => {
    const { startLifecycle, benchmark, state, fault, reported, pass } = startedWorker(byLifecycle);
    await startLifecycle.fail("no GPU");
    expect(state()).toBe("errored");
    expect(fault()).toEqual({ of: "model", message: "lifecycle.start failed: no GPU" });
    expect(reported()?.errorMsg).toBe("lifecycle.start failed: no GPU");
    await pass(10_000);
    await startLifecycle.succeed();
    expect(state()).toBe("benchmarking");
    await benchmark.succeed(50);
    expect(state()).toBe("ready");
    expect(reported()?.errorMsg).toBe("");
  });

  test("does not become ready by its health URL before the start is done", async () => {
    const { startLifecycle, probeHealth, state, pass } = startedWorker({ ...byLifecycle, hasHealth: true });
    await startLifecycle.fail("no GPU");
    await pass(10_000);
    await probeHealth.succeed();
    expect(state()).toBe("errored");
    await startLifecycle.succeed();
    expect(state()).toBe("benchmarking");
  });

  test("is errored and led back by its health URL once it was ready", async () => {
    const { startLifecycle, benchmark, probeHealth, state, pass } = startedWorker({
      ...byLifecycle,
      hasHealth: true,
    });
    await startLifecycle.succeed();
    await benchmark.succeed(50);
    await probeHealth.succeed();
    expect(state()).toBe("ready");
    await pass(10_000);
    await probeHealth.fail();
    expect(state()).toBe("errored");
    await pass(10_000);
    await probeHealth.succeed();
    expect(state()).toBe("ready");
    expect(startLifecycle.count).toBe(1);
  });

  test("is led back 10 s after a failure in its log where it has no health URL", async () => {
    const { startLifecycle, benchmark, state, log, pass } = startedWorker({ ...byLifecycle, hasLog: true });
    await startLifecycle.succeed();
    await benchmark.succeed(50);
    await log("log.failed", "Traceback");
    expect(state()).toBe("errored");
    await pass(9999);
    expect(state()).toBe("errored");
    await pass(1);
    expect(state()).toBe("ready");
    expect(startLifecycle.count).toBe(1);
  });

  test("stays errored after a failure in its log as long as the start is not done", async () => {
    const { startLifecycle, state, log, pass } = startedWorker({ ...byLifecycle, hasLog: true });
    await log("log.failed", "Traceback");
    await pass(60_000);
    expect(state()).toBe("errored");
    await startLifecycle.succeed();
    expect(state()).toBe("benchmarking");
  });

  test("recovers by the log where that decides that it has loaded", async () => {
    const { startLifecycle, state, log, pass } = startedWorker({ hasLifecycle: true });
    await startLifecycle.fail("no GPU");
    expect(state()).toBe("errored");
    await pass(10_000);
    await startLifecycle.succeed();
    expect(state()).toBe("errored");
    await log("log.loaded");
    expect(state()).toBe("benchmarking");
  });

  test("recovers by the health URL where that decides that it has loaded", async () => {
    const { startLifecycle, probeHealth, state, pass } = startedWorker({
      readiness: "health",
      hasLog: false,
      hasHealth: true,
      hasLifecycle: true,
    });
    await startLifecycle.fail("no GPU");
    await pass(10_000);
    await startLifecycle.succeed();
    await probeHealth.succeed();
    expect(state()).toBe("benchmarking");
  });

  test("does not start it a second time when the model actor dies after it was started", async () => {
    const { startLifecycle, benchmark, state, kill, pass } = startedWorker(byLifecycle);
    await startLifecycle.succeed();
    await kill("model");
    await benchmark.succeed(50);
    await kill("model");
    await pass(60_000);
    expect(startLifecycle.count).toBe(1);
    expect(state()).toBe("ready");
  });

  test("starts it again when the model actor dies before that was done", async () => {
    const { startLifecycle, state, kill } = startedWorker(byLifecycle);
    await kill("model");
    expect(startLifecycle.all.map(({ signal }) => signal.aborted)).toEqual([true, false]);
    await startLifecycle.succeed();
    expect(state()).toBe("benchmarking");
  });

  test("gives up waiting for it when it stops", async () => {
    const { startLifecycle, abort } = startedWorker(byLifecycle);
    abort();
    expect(startLifecycle.all[0]?.signal.aborted).toBe(true);
  });
});
