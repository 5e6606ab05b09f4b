import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { openLoop } from "../../src/load/open-loop.js";
import { scheduleOf } from "../../src/load/schedule.js";

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance"] });
});

afterEach(() => {
  vi.useRealTimers();
});

/** A loop under way, and what has arrived so far: when it was due and when it came, in milliseconds. */
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

test("requests arrive by the clock although none of the earlier ones ever ends", async () => {
  // What arrives is never told to have ended: to the clock that makes no difference.
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

test("what is late because the process was busy arrives at once, and is known to be late", async () => {
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

test("nothing arrives any more once it is stopped, and it ends at once", async () => {
  const { arrived, ended, stop } = started(100, 10);
  await vi.advanceTimersByTimeAsync(350);
  stop.abort();
  await ended;
  expect(arrived).toHaveLength(4);
  await vi.advanceTimersByTimeAsync(5000);
  expect(arrived).toHaveLength(4);
});
