import { describe, expect, test } from "vitest";
import { RoutingTable } from "../../../../src/engine/routing/routing-table.js";
import type { WorkerStatus } from "../../../../src/shared/wire.js";
import { workerStatus } from "../../../support/worker-status.js";

const NOW = 1_000_000;

function rosterOf(...statuses: readonly Partial<WorkerStatus>[]): RoutingTable {
  const routing = new RoutingTable(35);
  for (const status of statuses) routing.update({ ...workerStatus(status), receivedAt: 0 }, NOW);
  return routing;
}

function stateOf(routing: RoutingTable, now = NOW) {
  return routing.view(now)[0]?.state;
}

describe("a worker is routable", () => {
  test("when it has a capacity, a URL, no error, and has reported its load time", () => {
    expect(stateOf(rosterOf({ max_perf: 0, loadtime: 0 }, { max_perf: 100, loadtime: 3 }))).toBe("idle");
  });

  test("when it had become ready before its first report to the engine", () => {
    expect(stateOf(rosterOf({ loadtime: 0 }))).toBe("idle");
  });

  test("with reports without a load time, once it has reported it", () => {
    expect(stateOf(rosterOf({ max_perf: 0 }, { loadtime: 3 }, { loadtime: 0 }))).toBe("idle");
  });

  test("again when its error has been cleared", () => {
    expect(stateOf(rosterOf({}, { error_msg: "Traceback" }, { loadtime: 0 }))).toBe("idle");
  });
});

describe("a worker is not routable", () => {
  test("while it loads", () => {
    expect(stateOf(rosterOf({ max_perf: 0, loadtime: 0 }))).toBe("loading");
  });

  test("while it has been measured but is not ready", () => {
    expect(stateOf(rosterOf({ max_perf: 0, loadtime: 0 }, { max_perf: 100, loadtime: 0 }))).toBe("loading");
  });

  test("when it was started again, until it reports its load time again", () => {
    const reports = [{}, { max_perf: 0, loadtime: 0 }, { max_perf: 100, loadtime: 0 }];
    expect(stateOf(rosterOf(...reports))).toBe("loading");
    expect(stateOf(rosterOf(...reports, { loadtime: 2 }))).toBe("idle");
  });

  test("without a URL", () => {
    expect(stateOf(rosterOf({ url: "" }))).toBe("loading");
  });

  test("with an error", () => {
    expect(stateOf(rosterOf({ error_msg: "Traceback" }))).toBe("error");
  });

  test("when it has been silent for too long", () => {
    const routing = rosterOf({});
    expect(stateOf(routing, NOW + 35)).toBe("idle");
    expect(stateOf(routing, NOW + 36)).toBe("silent");
    expect(routing.assign(1, 10, NOW + 36)).toBeUndefined();
  });
});

describe("a request goes to the worker with the shortest expected queue", () => {
  test("which is load over capacity, not load", () => {
    const routing = rosterOf({ id: 1, cur_load: 100, max_perf: 50 }, { id: 2, cur_load: 150, max_perf: 100 });
    expect(routing.assign(1, 10, NOW)?.id).toBe(2);
  });

  test("with what was routed to it since its last report counted in", () => {
    const routing = rosterOf({ id: 1 }, { id: 2 });
    const taken = [1, 2, 3, 4].map((requestIdx) => routing.assign(requestIdx, 10, NOW)?.id);
    expect(taken.filter((id) => id === 1)).toHaveLength(2);
    expect(taken.filter((id) => id === 2)).toHaveLength(2);
  });

  test("until the next report has the true load", () => {
    const routing = rosterOf({ id: 1 });
    routing.assign(1, 300, NOW);
    expect(routing.view(NOW)[0]?.expectedQueue).toBe(3);
    routing.update({ ...workerStatus({ id: 1, cur_load: 50 }), receivedAt: 0 }, NOW + 1);
    expect(routing.view(NOW)[0]?.expectedQueue).toBe(0.5);
  });

  test("and counts once, however often it calls", () => {
    const routing = rosterOf({ id: 1 });
    for (let asked = 0; asked < 5; asked += 1) routing.assign(7, 100, NOW);
    expect(routing.view(NOW)[0]?.expectedQueue).toBe(1);
  });
});

test("of very many workers the one that has sent no report for longest is dropped", () => {
  const routing = rosterOf(...Array.from({ length: 1001 }, (_, id) => ({ id })));
  const ids = routing.view(NOW).map((worker) => worker.id);
  expect(ids).toHaveLength(1000);
  expect(ids).not.toContain(0);
});
