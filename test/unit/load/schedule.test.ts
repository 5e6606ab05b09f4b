import { describe, expect, test } from "vitest";
import { PROFILES, type Profile, type Schedule, scheduleOf } from "../../../src/load/schedule.js";

const timesOf = (schedule: Schedule): readonly number[] =>
  Array.from({ length: schedule.count }, (_, index) => schedule.at(index));

/** The rates that the profiles promise, as shares of the mean, at a part of a period. */
const RATES: Readonly<Record<Profile, (part: number) => number>> = {
  steady: () => 1,
  sine: (part) => 1 - 0.9 * Math.cos(2 * Math.PI * part),
  burst: (part) => (Math.abs(part - 0.5) < 0.05 ? 5 : 0.5 / 0.9),
};

/** The number of arrivals until a part of a period, by adding up the rate in small steps. */
function integral(profile: Profile, until: number): number {
  const STEPS = 20_000;
  let sum = 0;
  for (let step = 0; step < STEPS * until; step += 1) sum += RATES[profile]((step + 0.5) / STEPS) / STEPS;
  return sum;
}

describe.each(PROFILES)("%s", (profile) => {
  test.each([
    [1, 5],
    [7, 3.5],
    [1000, 50],
    [12_345, 40],
  ])("lets %d requests at %d a second arrive in order, all within their time", (count, rps) => {
    const schedule = scheduleOf(profile, count, rps);
    const times = timesOf(schedule);
    expect(schedule.seconds).toBeCloseTo(count / rps, 9);
    expect(times[0]).toBeCloseTo(0, 6);
    expect(times).toEqual(times.toSorted((a, b) => a - b));
    expect(times.at(-1)).toBeLessThan(schedule.seconds);
    // The integral of the rate over the whole run is the number of requests: one more would come right at the end.
    expect(schedule.at(count)).toBeCloseTo(schedule.seconds, 6);
  });

  test("has at each moment let as many arrive as its rate adds up to", () => {
    // One period: a minute for a sine, ten seconds for bursts.
    const seconds = profile === "burst" ? 10 : 60;
    const count = 6000;
    const times = timesOf(scheduleOf(profile, count, count / seconds));
    for (const part of [0.1, 0.25, 0.47, 0.5, 0.55, 0.7, 0.9]) {
      const arrived = times.filter((time) => time < part * seconds).length;
      expect(Math.abs(arrived - count * integral(profile, part)), `at ${part}`).toBeLessThan(3);
    }
  });
});

test("the rate of a sine goes up to 1.9 times its mean, and down to a tenth", () => {
  const times = timesOf(scheduleOf("sine", 60_000, 1000));
  const inSecond = (second: number): number =>
    times.filter((time) => time >= second && time < second + 1).length;
  expect(inSecond(0)).toBeLessThan(110);
  expect(inSecond(29)).toBeGreaterThan(1890);
  expect(inSecond(59)).toBeLessThan(110);
});

test("a run has whole periods: three bursts of half the requests in half a minute", () => {
  const times = timesOf(scheduleOf("burst", 1500, 50));
  for (const start of [4.5, 14.5, 24.5]) {
    const inBurst = times.filter((time) => time >= start && time < start + 1).length;
    expect(Math.abs(inBurst - 250)).toBeLessThan(3);
  }
});
