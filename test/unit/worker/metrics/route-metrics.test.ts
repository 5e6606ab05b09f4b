import { describe, expect, test } from "vitest";
import { BOUNDS } from "../../../../src/worker/metrics/durations.js";
import { RouteMetrics } from "../../../../src/worker/metrics/route-metrics.js";

const ROUTE = "/v1/completions";

/** How many durations fell into each bucket, by its upper bound in seconds. */
function bucketsOf(observe: (route: RouteMetrics) => void): Readonly<Record<string, number>> {
  const route = new RouteMetrics(ROUTE);
  observe(route);
  const counts = route.latency.cumulative();
  const own = counts.map((count, index) => count - (counts[index - 1] ?? 0));
  const labelled = own.map((count, index) => [String(BOUNDS[index] ?? "+Inf"), count] as const);
  return Object.fromEntries(labelled.filter(([, count]) => count > 0));
}

describe("an ended request", () => {
  test.each(["success", "error", "cancelled", "rejected"] as const)("is counted as %s", (outcome) => {
    const route = new RouteMetrics(ROUTE);
    route.ended(outcome, 200, 10);
    expect(route.outcomes).toEqual({ success: 0, error: 0, cancelled: 0, rejected: 0, [outcome]: 1 });
  });

  test("is counted under its status", () => {
    const route = new RouteMetrics(ROUTE);
    for (const status of [200, 429, 200, 999]) route.ended("success", status, 10);
    expect([...route.statuses()]).toEqual([
      [200, 2],
      [429, 1],
      [999, 1],
    ]);
  });

  test("is counted without a status that is none", () => {
    const route = new RouteMetrics(ROUTE);
    for (const status of [-1, 1000, Number.NaN]) route.ended("success", status, 10);
    expect([...route.statuses()]).toEqual([]);
    expect(route.outcomes.success).toBe(3);
  });

  test("counts towards the latency only as a success", () => {
    const route = new RouteMetrics(ROUTE);
    for (const outcome of ["success", "error", "cancelled", "rejected"] as const)
      route.ended(outcome, 200, 1500);
    expect(route.latency.cumulative().at(-1)).toBe(1);
    expect(route.latency.sum).toBe(1.5);
  });
});

test("what started and what answered is counted at that time, whatever becomes of it", () => {
  const route = new RouteMetrics(ROUTE);
  route.started(250);
  route.firstByte(750);
  expect([route.queueWait.sum, route.timeToFirstByte.sum, route.latency.sum]).toEqual([0.25, 0.75, 0]);
});

describe("a duration falls into the bucket", () => {
  test.each([
    ["of the smallest bound", 0, "0.005"],
    ["whose bound it is", 250, "0.25"],
    ["of the next bound when it is longer", 251, "0.5"],
    ["of the largest bound", 1_800_000, "1800"],
    ["without a bound when it is longer than all", 1_800_001, "+Inf"],
  ])("%s", (_bucket, ms, bound) => {
    expect(bucketsOf((route) => route.ended("success", 200, ms))).toEqual({ [bound]: 1 });
  });

  test("that a search through all bounds finds, at each millisecond near one", () => {
    for (const bound of BOUNDS) {
      for (const ms of [bound * 1000 - 1, bound * 1000, bound * 1000 + 1]) {
        const expected = BOUNDS.find((each) => ms <= each * 1000) ?? "+Inf";
        expect(bucketsOf((route) => route.ended("success", 200, ms))).toEqual({ [expected]: 1 });
      }
    }
  });

  test.each([-5, Number.NaN])("of the smallest bound when it is %d, and adds nothing to the sum", (ms) => {
    const route = new RouteMetrics(ROUTE);
    route.ended("success", 200, ms);
    expect(route.latency.cumulative()[0]).toBe(1);
    expect(route.latency.sum).toBe(0);
  });
});

test("buckets are cumulative, and the last holds all", () => {
  const route = new RouteMetrics(ROUTE);
  for (const ms of [1, 7, 7, 30_000, 10_000_000]) route.ended("success", 200, ms);
  const counts = route.latency.cumulative();
  expect(counts).toHaveLength(BOUNDS.length + 1);
  expect(counts).toEqual(counts.toSorted((a, b) => a - b));
  expect(counts.slice(0, 3)).toEqual([1, 3, 3]);
  expect(counts.at(-1)).toBe(5);
});
