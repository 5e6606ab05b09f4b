import { describe, expect, test } from "vitest";
import { assign, setup } from "xstate";
import { keyMachine } from "../../../../machines/key.js";
import { modelMachine } from "../../../../machines/model.js";
import { reporterMachine } from "../../../../machines/reporter.js";
import { sessionMachine } from "../../../../machines/session.js";
import { workerMachine } from "../../../../machines/worker.js";
import { allStates, type Chart } from "../../../../src/inspector/chart/chart.js";
import { chartOf } from "../../../../src/inspector/chart/machine-charts.js";

const worker = chartOf(workerMachine);

const stateOf = ({ root }: Chart, path: string) => allStates(root).find((state) => state.path === path);
const edgeOf = ({ edges }: Chart, id: string) => edges.find((edge) => edge.id === id);

describe("the states of a chart", () => {
  test("have their kind, what they begin in, their entry and exit actions, and their invoked actors", () => {
    expect(worker.root).toMatchObject({
      path: "",
      key: "worker",
      kind: "compound",
      initial: "loading",
      entry: ["openQueues", "openSessions", "startKey"],
    });
    expect(stateOf(worker, "draining")).toMatchObject({ kind: "compound", initial: "draining.finishing" });
    expect(stateOf(worker, "stopped")).toMatchObject({ kind: "final", entry: ["abortAll"], children: [] });
    expect(stateOf(worker, "benchmarking")?.invokes).toEqual(["benchmark"]);
    expect(stateOf(chartOf(reporterMachine), "sending")).toMatchObject({
      entry: ["beginReport"],
      exit: ["cancel"],
      invokes: ["deliver"],
    });
    const model = chartOf(modelMachine).root;
    expect(model.kind).toBe("parallel");
    expect(model.initial).toBeUndefined();
    expect(model.children.map(({ key }) => key)).toEqual(["log", "health", "view", "lifecycle"]);
  });

  test("do not show the timers that xstate adds to a state with `after`", () => {
    expect(stateOf(worker, "draining.finishing")).toMatchObject({ entry: [], exit: [] });
  });
});

describe("the edges of a chart", () => {
  test("are those of events, with guard and actions", () => {
    expect(edgeOf(worker, "loading/model.healthy/0")).toEqual({
      id: "loading/model.healthy/0",
      from: "loading",
      to: "benchmarking",
      on: { kind: "event", event: "model.healthy" },
      guard: "loadsByHealth",
      actions: ["noteHealthy"],
    });
  });

  test("are those of times, under the event that xstate sends", () => {
    const event = "xstate.after.drainTimeout.worker.draining.finishing";
    expect(edgeOf(worker, `draining.finishing/${event}/0`)).toMatchObject({
      to: undefined,
      on: { kind: "after", delay: "drainTimeout", event },
      actions: ["notifyEdge"],
    });
  });

  test("are those of the end and the death of actors, by name or any of them", () => {
    expect(edgeOf(worker, "benchmarking/xstate.done.actor.benchmark/0")?.on).toEqual({
      kind: "done",
      actor: "benchmark",
      event: "xstate.done.actor.benchmark",
    });
    expect(edgeOf(worker, "/xstate.error.actor.*/0")).toMatchObject({
      to: "stopped",
      on: { kind: "error", actor: "*", event: "xstate.error.actor.*" },
    });
  });

  test("are those without an event", () => {
    expect(edgeOf(worker, "verifying/always/1")).toMatchObject({
      to: "errored",
      on: { kind: "always" },
      guard: "keyFailed",
    });
  });

  test("lead out of states within others", () => {
    expect(edgeOf(worker, "draining.reporting/xstate.done.actor.*/0")?.to).toBe("stopped");
  });
});

test("what has no name of its own is called by its maker, or inline", () => {
  const machine = setup({ types: {} as { context: { count: number } } }).createMachine({
    id: "unnamed",
    context: { count: 0 },
    on: {
      "*": { guard: () => true, actions: [assign({ count: 1 }), () => {}] },
    },
    after: { 500: { actions: "log" as never }, 2500: {} },
  });
  const { edges } = chartOf(machine);
  expect(edges.map(({ on, guard, actions }) => ({ on, guard, actions }))).toEqual([
    { on: { kind: "event", event: "*" }, guard: "(inline)", actions: ["assign", "(inline)"] },
    {
      on: { kind: "after", delay: "500 ms", event: "xstate.after.500.unnamed" },
      guard: undefined,
      actions: ["log"],
    },
    {
      on: { kind: "after", delay: "2.5 s", event: "xstate.after.2500.unnamed" },
      guard: undefined,
      actions: [],
    },
  ]);
});

test.each([workerMachine, modelMachine, keyMachine, reporterMachine, sessionMachine])(
  "the chart of $id is plain data, the same each time, and no id is there twice",
  (machine) => {
    const chart = chartOf(machine);
    expect(chart.id).toBe(machine.id);
    expect(chartOf(machine)).toEqual(chart);
    expect(JSON.parse(JSON.stringify(chart))).toEqual(chart);
    expect(new Set(chart.edges.map(({ id }) => id)).size).toBe(chart.edges.length);
  },
);
