import { describe, expect, test } from "vitest";
import { keyMachine } from "../../../../machines/key.js";
import { modelMachine } from "../../../../machines/model.js";
import { reporterMachine } from "../../../../machines/reporter.js";
import { sessionMachine } from "../../../../machines/session.js";
import { workerMachine } from "../../../../machines/worker.js";
import type { Chart } from "../../../../src/inspector/chart/chart.js";
import { chartOf } from "../../../../src/inspector/chart/machine-charts.js";
import { takenEdges } from "../../../../src/inspector/chart/taken-edges.js";
import { startedKey } from "../../../machines/support/started-key.js";
import { startedModel } from "../../../machines/support/started-model.js";
import { startedReporter, TAKEN } from "../../../machines/support/started-reporter.js";
import { startedSessions } from "../../../machines/support/started-sessions.js";
import { failKey, readyWorker, startedWorker } from "../../../machines/support/started-worker.js";
import { type WatchedStep, WatchedSteps } from "../../support/watched-steps.js";

const edgesOf = (chart: Chart, { before, event, after }: WatchedStep) =>
  takenEdges(chart, before, event, after);

describe("the edges are those that the machine took", () => {
  test("of the key", async () => {
    const watched = new WatchedSteps(keyMachine);
    const { fetchKey, pass } = startedKey(watched.inspect);
    await fetchKey.fail();
    await pass(1000);
    await fetchKey.succeed("the key");
    expect(watched.steps.map((step) => edgesOf(chartOf(keyMachine), step))).toEqual([
      [],
      ["fetching/xstate.error.actor.fetchKey/0"],
      ["backingOff/xstate.after.backOff.key.backingOff/0"],
      ["fetching/xstate.done.actor.fetchKey/0"],
    ]);
    for (const step of watched.steps) expect(edgesOf(chartOf(keyMachine), step)).toEqual(step.edges);
  });

  test("of the worker, on through `always`, into what a state begins in, and out of states within others", async () => {
    const watched = new WatchedSteps(workerMachine);
    const { inspect } = watched;
    const ready = await readyWorker({ inspect, hasHealth: true });
    await ready.log("log.failed");
    await ready.log("log.loaded");
    await ready.drain();
    ready.edge.drained();
    await ready.pass(10_000);
    const keyless = startedWorker({ inspect, secured: true, readiness: "health", hasHealth: true });
    await failKey(keyless);
    await keyless.pass(10_000);
    await keyless.fetchKey.succeed("the key");
    const chart = chartOf(workerMachine);
    expect(edgesOf(chart, watched.of("worker.drain"))).toEqual(["/worker.drain/0"]);
    expect(watched.steps.map((step) => edgesOf(chart, step))).toContainEqual([
      "verifying/model.healthy/0",
      "verifying/always/0",
    ]);
    for (const step of watched.steps) expect(edgesOf(chart, step)).toEqual(step.edges);
    expect(watched.steps.length).toBeGreaterThan(12);
  });

  test("of the model, whose regions each take an event in their own way", async () => {
    const watched = new WatchedSteps(modelMachine);
    const { inspect } = watched;
    const either = startedModel({ readiness: "either", hasHealth: true, inspect });
    either.log("log.loaded", "loaded");
    const byHealth = startedModel({ readiness: "health", hasHealth: true, inspect });
    await byHealth.probeHealth.fail();
    await byHealth.pass(1000);
    await byHealth.probeHealth.succeed();
    const byLifecycle = startedModel({ hasLog: false, readiness: "lifecycle", hasLifecycle: true, inspect });
    await byLifecycle.startLifecycle.fail();
    await byLifecycle.pass(10_000);
    await byLifecycle.startLifecycle.succeed();
    const chart = chartOf(modelMachine);
    expect(edgesOf(chart, watched.of("log.loaded"))).toEqual([
      "log/log.loaded/0",
      "health.awaiting/log.loaded/0",
    ]);
    for (const step of watched.steps) expect(edgesOf(chart, step)).toEqual(step.edges);
    expect(watched.steps.length).toBeGreaterThan(8);
  });

  test("of the reporter", async () => {
    const watched = new WatchedSteps(reporterMachine);
    const { due, pass, deliver } = startedReporter({ addresses: ["http://a"], inspect: watched.inspect });
    due();
    await pass(1000);
    due();
    await deliver.succeed(TAKEN);
    await pass(1000);
    await deliver.fail();
    const chart = chartOf(reporterMachine);
    for (const step of watched.steps) expect(edgesOf(chart, step)).toEqual(step.edges);
    expect(watched.steps.map((step) => edgesOf(chart, step))).toContainEqual([
      "sending/xstate.done.actor.deliver/0",
      "delivered/always/3",
    ]);
  });

  test("of a session", async () => {
    const watched = new WatchedSteps(sessionMachine);
    const { callOnClose, open, use, end } = startedSessions({ inspect: watched.inspect });
    open("a", 60_000, { route: "/unload", payload: {} });
    use("a", 90_000);
    end("a");
    await callOnClose.succeed();
    const chart = chartOf(sessionMachine);
    for (const step of watched.steps) expect(edgesOf(chart, step)).toEqual(step.edges);
    expect(edgesOf(chart, watched.of("session.used"))).toEqual(["open/session.used/0"]);
    expect(edgesOf(chart, watched.of("xstate.done.actor.callOnClose"))).toEqual([
      "closing/xstate.done.actor.callOnClose/0",
    ]);
  });
});

describe("where states and event leave it open", () => {
  const chart = chartOf(workerMachine);

  test("it is the first edge of the definition that fits", () => {
    expect(takenEdges(chart, "ready", "xstate.error.actor.queue.default", "ready")).toEqual([
      "/xstate.error.actor.*/1",
    ]);
    expect(takenEdges(chart, "ready", "xstate.error.actor.edge", "stopped")).toEqual([
      "/xstate.error.actor.*/0",
    ]);
  });

  test("a state's own edge comes before those of the states around it", () => {
    expect(takenEdges(chart, { draining: "finishing" }, "worker.drain", { draining: "finishing" })).toEqual([
      "draining/worker.drain/0",
    ]);
  });
});

test("no edge fits an event that the machine does not handle, or a state that it does not lead to", () => {
  const chart = chartOf(workerMachine);
  expect(takenEdges(chart, "ready", "unheard.of", "ready")).toEqual([]);
  expect(takenEdges(chart, "ready", "model.failed", "loading")).toEqual([]);
  expect(takenEdges(chart, "ready", "worker.drain", "nowhere")).toEqual([]);
});
