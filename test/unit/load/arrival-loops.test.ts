import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { closedLoop, openLoop } from "../../../src/load/arrival-loops.js";
import { scheduleOf } from "../../../src/load/schedule.js";
import { eventually } from "../../support/eventually.js";

describe("a closed loop", () => {
  /** A loop whose requests end when the test ends them. */
  function started(concurrency: number, count: number) {
    const stop = new AbortController();
    const open: { readonly index: number; readonly end: () => void }[] = [];
    const ended = closedLoop({
      concurrency,
      count,
      send: (index) => new Promise<void>((resolve) => open.push({ index, end: resolve })),
      stop: stop.signal,
    });
    return { open, ended, stop };
  }

  test("keeps a number of requests in flight: the end of one is the start of the next", async () => {
    const { open, ended } = started(3, 5);
    expect(open.map(({ index }) => index)).toEqual([0, 1, 2]);
    open[1]?.end();
    await eventually(() => open.length === 4);
    expect(open.at(-1)?.index).toBe(3);
    open[0]?.end();
    await eventually(() => open.length === 5);
    for (const { end } of open) end();
    await ended;
    expect(open).toHaveLength(5);
  });

  test("sends no more requests than its count", async () => {
    const { open, ended } = started(10, 2);
    expect(open).toHaveLength(2);
    for (const { end } of open) end();
    await ended;
  });

  test("sends nothing after it is stopped", async () => {
    const { open, ended, stop } = started(2, Number.POSITIVE_INFINITY);
    stop.abort();
    for (const { end } of open) end();
    await ended;
    expect(open).toHaveLength(2);
  });
});

describe("an open loop", () => {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance"] });
  });

  afterEach(() => {
    vi.useRealTimers();
  });

  /** A started loop and its arrivals: the due and the actual time, in milliseconds. */
  function started(count: number, rps: number, onArrival: (index: number) => void = () => {}) {
    const stop = new AbortController();
    const startedAt = performance.now();
    const arrived: { readonly index: number; readonly due: number; readonly came: number }[] = [];
    const ended = openLoop({
      schedule: scheduleOf("steady", count, rps),
      startedAt,
      arrive: (index, dueAt) => {
        arrived.push({ index, due: dueAt - startedAt, came: performance.now() - startedAt });
        onArrival(index);
      },
      stop: stop.signal,
    });
    return { arrived, ended, stop };
  }

  test("lets requests arrive by the clock although no earlier one ends", async () => {
    const { arrived, ended } = started(100, 50);
    const counts: number[] = [];
    for (let second = 0; second < 4; second += 1) {
      await vi.advanceTimersByTimeAsync(500);
      counts.push(arrived.length);
    }
    expect(counts).toEqual([26, 51, 76, 100]);
    await ended;
    for (const { index, due, came } of arrived) {
      expect(due).toBeCloseTo(index * 20, 6);
      expect(came).toBeCloseTo(due, 6);
    }
  });

  test("sends late requests immediately, with their due time", async () => {
    const { arrived, ended } = started(20, 10, (index) => {
      // The sixth, due after half a second, keeps the process busy for another one.
      if (index === 5) vi.advanceTimersByTime(1000);
    });
    await vi.advanceTimersByTimeAsync(2000);
    await ended;
    expect(arrived).toHaveLength(20);
    const late = arrived.filter(({ due, came }) => came - due > 50);
    expect(late.map(({ index }) => index)).toEqual([6, 7, 8, 9, 10, 11, 12, 13, 14]);
    expect(late.every(({ came }) => Math.abs(came - 1500) < 1)).toBe(true);
  });

  test("ends immediately when it is stopped", async () => {
    const { arrived, ended, stop } = started(100, 10);
    await vi.advanceTimersByTimeAsync(350);
    stop.abort();
    await ended;
    expect(arrived).toHaveLength(4);
    await vi.advanceTimersByTimeAsync(5000);
    expect(arrived).toHaveLength(4);
  });
});
