import { describe, expect, test } from "vitest";
import { failKey, startedWorker } from "./support/started-worker.js";

const slow = { startTimeoutMs: 90_000, awaited: 'a line with "complete." in the log' };
const MESSAGE = 'the model did not load within 90 s: waited for a line with "complete." in the log';

describe("a model that does not load in time", () => {
  test("makes the worker errored, and the message has what was waited for", async () => {
    const { edge, state, fault, reported, pass } = startedWorker(slow);
    await pass(89_999);
    expect(state()).toBe("loading");
    await pass(1);
    expect(state()).toBe("errored");
    expect(fault()).toEqual({ of: "model", message: MESSAGE });
    expect(reported()?.errorMsg).toBe(MESSAGE);
    expect(edge.traffic).toEqual([{ type: "traffic.closed", reason: "errored" }]);
  });

  test("leads on when it loads after all", async () => {
    const { benchmark, state, reported, log, pass } = startedWorker(slow);
    await pass(90_000);
    await log("log.loaded");
    expect(state()).toBe("benchmarking");
    await benchmark.succeed(50);
    expect(state()).toBe("ready");
    expect(reported()?.errorMsg).toBe("");
  });

  test("continues when its health URL answers after all, where that decides that it has loaded", async () => {
    const { probeHealth, state, pass } = startedWorker({
      ...slow,
      readiness: "health",
      hasLog: false,
      hasHealth: true,
    });
    for (let seconds = 0; seconds < 90; seconds++) {
      await probeHealth.fail();
      await pass(1000);
    }
    expect(state()).toBe("errored");
    await pass(10_000);
    await probeHealth.succeed();
    expect(state()).toBe("benchmarking");
  });

  test("continues when its start is done after all, where that decides that it has loaded", async () => {
    const { startLifecycle, state, pass } = startedWorker({
      ...slow,
      readiness: "lifecycle",
      hasLog: false,
      hasLifecycle: true,
    });
    await pass(90_000);
    expect(state()).toBe("errored");
    expect(startLifecycle.all[0]?.signal.aborted).toBe(false);
    await startLifecycle.succeed();
    expect(state()).toBe("benchmarking");
  });
});

test("a model that has loaded in time has no such deadline any more", async () => {
  const { benchmark, state, log, pass } = startedWorker(slow);
  await pass(89_999);
  await log("log.loaded");
  await pass(90_000);
  expect(state()).toBe("benchmarking");
  await benchmark.succeed(50);
  expect(state()).toBe("ready");
});

test("a model that loads while the key is fetched has its time anew when the worker comes back to it", async () => {
  const started = startedWorker({ ...slow, secured: true });
  await failKey(started);
  await started.pass(10_000);
  await started.fetchKey.succeed("the key");
  expect(started.state()).toBe("loading");
  await started.pass(89_999);
  expect(started.state()).toBe("loading");
  await started.pass(1);
  expect(started.fault()).toEqual({ of: "model", message: MESSAGE });
});
