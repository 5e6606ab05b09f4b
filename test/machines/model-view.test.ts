import { describe, expect, test } from "vitest";
import type { ProbeFailure } from "../../machines/model.js";
import { startedModel } from "./support/started-model.js";
import { startedWorker } from "./support/started-worker.js";

const failure: ProbeFailure = {
  kind: "refused",
  isAnswering: false,
  seen: "127.0.0.1:18000: connection refused",
};
const loading: ProbeFailure = { kind: "unhealthy", isAnswering: false, seen: "127.0.0.1:18000: status 503" };

describe("what a model that loads is waited for", () => {
  test("is reported after 5 s, and then when it changes: as the health URL is seen", async () => {
    const { probeHealth, awaited, pass } = startedModel({ readiness: "health", hasHealth: true });
    await probeHealth.fail("gone", { failure });
    for (let seconds = 1; seconds < 5; seconds++) {
      await pass(1000);
      await probeHealth.fail("gone", { failure });
    }
    expect(awaited).toEqual([]);
    await pass(1000);
    expect(awaited).toEqual([failure.seen]);
    await probeHealth.fail("gone", { failure });
    await pass(1000);
    await probeHealth.fail("loading", { failure: loading });
    expect(awaited).toEqual([failure.seen, loading.seen]);
  });

  test("is reported as soon as anything is seen, where that takes longer", async () => {
    const { probeHealth, awaited, pass } = startedModel({ readiness: "health", hasHealth: true });
    await pass(5000);
    expect(awaited).toEqual([]);
    await probeHealth.fail("gone", { failure });
    expect(awaited).toEqual([failure.seen]);
  });

  test("is checked every 5 s where the health URL is not probed", async () => {
    const { probeHealth, lookAround, awaited, log, pass } = startedModel({
      hasHealth: true,
      hasServer: true,
    });
    await pass(4999);
    expect(lookAround.count).toBe(0);
    await pass(1);
    expect(lookAround.all[0]?.input).toEqual({ isLoaded: false });
    await lookAround.succeed("model.log: no such file");
    await pass(5000);
    await lookAround.succeed("model.log: no such file");
    log("log.loaded", "loaded");
    await pass(5000);
    expect(lookAround.all[2]?.input).toEqual({ isLoaded: true });
    await lookAround.succeed(undefined);
    expect(awaited).toEqual(["model.log: no such file", undefined]);
    expect(probeHealth.count).toBe(0);
  });

  test("is reported with the message of the error, where the check fails", async () => {
    const { lookAround, awaited, pass } = startedModel();
    await pass(5000);
    await lookAround.fail("no way to look");
    expect(awaited).toEqual(["no way to look"]);
  });

  test("is no news once the worker is ready, and is again 5 s after it is errored", async () => {
    const { probeHealth, awaited, serve, suspect, pass } = startedModel({
      readiness: "health",
      hasHealth: true,
    });
    await probeHealth.succeed();
    serve();
    await pass(10_000);
    await probeHealth.fail("gone", { failure });
    expect(awaited).toEqual([]);
    suspect();
    await pass(10_000);
    await probeHealth.fail("gone", { failure });
    expect(awaited).toEqual([failure.seen]);
  });
});

describe("a worker whose model is waited for", () => {
  test("has what was seen in its context, sends it to the edge, and clears it when it is ready", async () => {
    const { worker, edge, probeHealth, benchmark, state, pass } = startedWorker({
      readiness: "health",
      hasHealth: true,
    });
    const waitsFor = () => worker.getSnapshot().context.waitsFor;
    await probeHealth.fail("gone", { failure });
    await pass(5000);
    expect(waitsFor()).toBe(failure.seen);
    expect(edge.awaited).toEqual([failure.seen]);
    await probeHealth.succeed();
    await benchmark.succeed(50);
    await probeHealth.succeed();
    expect(state()).toBe("ready");
    expect(waitsFor()).toBeUndefined();
  });

  test("clears it when it is errored, until something is seen again", async () => {
    const { worker, probeHealth, state, pass } = startedWorker({
      readiness: "health",
      hasHealth: true,
      startTimeoutMs: 6000,
    });
    await probeHealth.fail("gone", { failure });
    await pass(5000);
    await probeHealth.fail("gone", { failure });
    await pass(1000);
    expect(state()).toBe("errored");
    expect(worker.getSnapshot().context.waitsFor).toBeUndefined();
    await pass(10_000);
    await probeHealth.fail("loading", { failure: loading });
    expect(worker.getSnapshot().context.waitsFor).toBe(loading.seen);
  });
});
