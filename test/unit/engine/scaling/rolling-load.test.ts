import { describe, expect, test } from "vitest";
import { RollingLoad } from "../../../../src/engine/scaling/rolling-load.js";
import { WaitHistogram } from "../../../../src/engine/scaling/simulation/simulated-clients.js";

describe("the rolling average of the load", () => {
  test("of a steady load comes to that load", () => {
    const rolling = new RollingLoad(60, 0);
    for (let second = 1; second <= 600; second += 1) rolling.add(900, second);
    expect(Math.abs(rolling.at(600) - 900)).toBeLessThan(900 * 0.01);
  });

  test("falls to a share of 1/e in its time when nothing is requested", () => {
    const rolling = new RollingLoad(60, 0);
    rolling.add(6000, 0);
    expect(rolling.at(0)).toBe(100);
    expect(rolling.at(60)).toBeCloseTo(100 / Math.E);
  });
});

describe("the waits", () => {
  test("have quantiles to a fiftieth, each wait weighing as its workload does", () => {
    const waits = new WaitHistogram();
    for (let wait = 1; wait <= 1000; wait += 1) waits.record(wait / 10, 5);
    expect(Math.abs(waits.quantile(0.5) / 50 - 1)).toBeLessThan(0.02);
    expect(Math.abs(waits.quantile(0.99) / 99 - 1)).toBeLessThan(0.02);
    waits.record(1, 1e6);
    expect(Math.abs(waits.quantile(0.5) - 1)).toBeLessThan(0.02);
    expect(waits.longest).toBe(100);
  });

  test("of none are none", () => {
    expect(new WaitHistogram().quantile(0.99)).toBe(0);
    const waits = new WaitHistogram();
    waits.record(0, 10);
    expect([waits.quantile(0.5), waits.longest]).toEqual([0, 0]);
  });
});
