import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { WallClock } from "../../../src/shared/wall-clock.js";

const BEGUN = Date.UTC(2026, 0, 1);
const HOUR = 3_600_000;

let clock: WallClock;
beforeEach(() => {
  vi.useFakeTimers({ toFake: ["Date", "performance"], now: BEGUN });
  clock = new WallClock();
});
afterEach(() => vi.useRealTimers());

test("a moment has the time of day at which it was", () => {
  const moment = performance.now();
  vi.advanceTimersByTime(1500);
  expect(clock.at(moment)).toBeCloseTo(BEGUN, 3);
  expect(clock.now()).toBeCloseTo(BEGUN + 1500, 3);
  expect(clock.secondsAt(moment)).toBe(BEGUN / 1000);
});

test.each([HOUR, -HOUR])(
  "a clock that is set by %d ms is followed, and what lies between two moments stays",
  (jump) => {
    const moment = performance.now();
    vi.advanceTimersByTime(2000);
    vi.setSystemTime(Date.now() + jump);
    const later = performance.now();
    expect(clock.secondsAt(later)).toBe((BEGUN + 2000 + jump) / 1000);
    expect(clock.secondsAt(moment)).toBe((BEGUN + jump) / 1000);
  },
);

test("reports that it was set, once", () => {
  expect(clock.adjust()).toBe(false);
  vi.setSystemTime(BEGUN + HOUR);
  expect(clock.adjust()).toBe(true);
  expect(clock.adjust()).toBe(false);
});

test("a difference of some milliseconds is none: the same moment has the same time", () => {
  const moment = performance.now();
  const seconds = clock.secondsAt(moment);
  vi.setSystemTime(BEGUN + 10);
  expect(clock.adjust()).toBe(false);
  expect(clock.secondsAt(moment)).toBe(seconds);
});

test("one reading that was interrupted in its middle changes nothing", () => {
  const now = vi.spyOn(Date, "now").mockReturnValueOnce(BEGUN - 500);
  expect(clock.adjust()).toBe(false);
  expect(now).toHaveBeenCalledTimes(2);
});
