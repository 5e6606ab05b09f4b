import { beforeEach, describe, expect, test } from "vitest";
import { Samples } from "../../../../src/inspector/recorder/samples.js";
import type { MetricsReading } from "../../../../src/worker/metrics/metrics-reading.js";
import { RouteMetrics } from "../../../../src/worker/metrics/route-metrics.js";

const quiet: MetricsReading = {
  state: "ready",
  queues: [],
  openLoad: 0,
  loadAhead: 0,
  capacity: 50,
  sessions: 0,
  workload: { received: 0, rejected: 0, served: 0, cancelled: 0, errored: 0 },
  reports: [
    { kind: "status", delivered: 10, failed: 1 },
    { kind: "ended", delivered: 0, failed: 0 },
  ],
  undelivered: 0,
  replacedActors: 0,
  lostLogLines: 0,
  dismissedLines: 0,
};

let reading: MetricsReading;
let routes: [RouteMetrics, RouteMetrics];
let samples: Samples;
beforeEach(() => {
  reading = quiet;
  routes = [new RouteMetrics("/a"), new RouteMetrics("/b")];
  samples = new Samples({ read: () => reading, routes });
});

test("the first call has nothing to compare with", () => {
  expect(samples.take(1000)).toBeUndefined();
  expect(samples.kept).toEqual([]);
});

test("a second in which nothing happened", () => {
  samples.take(1000);
  expect(samples.take(2000)).toEqual({
    at: 2000,
    openLoad: 0,
    loadAhead: 0,
    capacity: 50,
    waiting: 0,
    running: 0,
    sessions: 0,
    outcomes: { success: 0, error: 0, cancelled: 0, rejected: 0 },
    wait: null,
    firstByte: null,
    latency: null,
    reports: { delivered: 0, failed: 0 },
    cpu: expect.any(Number),
    memory: expect.any(Number),
  });
});

test("the sample of the worker has all queues together", () => {
  samples.take(1000);
  const queue = { limit: 1, oldestAt: undefined };
  reading = {
    ...quiet,
    queues: [
      { ...queue, name: "a", running: 1, waiting: 5 },
      { ...queue, name: "b", running: 2, waiting: 7 },
    ],
    openLoad: 300,
    loadAhead: 200,
    sessions: 3,
  };
  expect(samples.take(2000)).toMatchObject({
    running: 3,
    waiting: 12,
    openLoad: 300,
    loadAhead: 200,
    sessions: 3,
  });
});

test("rates are per second, over all routes, however long it was since the last sample", () => {
  samples.take(1000);
  const [a, b] = routes;
  for (let n = 0; n < 6; n++) a.ended("success", 200, 10);
  for (let n = 0; n < 2; n++) b.ended("success", 200, 10);
  b.ended("rejected", 429, 1);
  a.ended("cancelled", 499, 1);
  a.ended("error", 502, 1);
  reading = {
    ...quiet,
    reports: [
      { kind: "status", delivered: 12, failed: 1 },
      { kind: "ended", delivered: 1, failed: 4 },
    ],
  };
  expect(samples.take(3000)).toMatchObject({
    outcomes: { success: 4, error: 0.5, cancelled: 0.5, rejected: 0.5 },
    reports: { delivered: 3, failed: 4 },
  });
  expect(samples.take(4000)).toMatchObject({
    outcomes: { success: 0, error: 0, cancelled: 0, rejected: 0 },
    reports: { delivered: 0, failed: 0 },
  });
});

describe("percentiles", () => {
  test("are the upper bounds of the buckets, of that second alone", () => {
    const [a, b] = routes;
    samples.take(1000);
    for (let n = 0; n < 99; n++) a.started(3);
    b.started(700);
    b.started(700);
    expect(samples.take(2000)?.wait).toEqual({ p50: 5, p99: 1000 });
    a.started(40);
    expect(samples.take(3000)?.wait).toEqual({ p50: 50, p99: 50 });
    expect(samples.take(4000)?.wait).toBeNull();
  });

  test("beyond all bounds are the last one", () => {
    samples.take(1000);
    routes[0].firstByte(10_000_000);
    expect(samples.take(2000)?.firstByte).toEqual({ p50: 1_800_000, p99: 1_800_000 });
  });
});

test("ten minutes are kept", () => {
  for (let second = 0; second <= 700; second++) samples.take(second * 1000);
  expect(samples.kept).toHaveLength(600);
  expect(samples.kept[0]?.at).toBe(101_000);
  expect(samples.kept.at(-1)?.at).toBe(700_000);
});

test("a clock that was set back makes no sample, and the next one counts from there", () => {
  samples.take(10_000);
  expect(samples.take(5000)).toBeUndefined();
  expect(samples.take(6000)).toMatchObject({ at: 6000 });
});
