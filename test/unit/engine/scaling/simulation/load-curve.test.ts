import { describe, expect, test } from "vitest";
import { amountSchema, drawn, meanOf } from "../../../../../src/engine/scaling/simulation/amount.js";
import { loadAt, loadCurveSchema } from "../../../../../src/engine/scaling/simulation/load-curve.js";
import { random } from "../../../../../src/shared/random.js";

const at = (curve: object, ...times: readonly number[]) =>
  times.map((time) => loadAt(loadCurveSchema.parse(curve), time));

describe("a load", () => {
  test("steady is always the same", () => {
    expect(at({ shape: "steady", load: 5 }, 0, 1e6)).toEqual([5, 5]);
  });

  test("sine goes from low to high and back in a period", () => {
    const [begin = 0, quarter = 0, half = 0, whole = 0] = at(
      { shape: "sine", low: 10, high: 30, period: 100 },
      0,
      25,
      50,
      100,
    );
    expect(begin).toBeCloseTo(10);
    expect(quarter).toBeCloseTo(20);
    expect(half).toBeCloseTo(30);
    expect(whole).toBeCloseTo(10);
  });

  test("burst is high at the end of each period", () => {
    const curve = { shape: "burst", low: 1, high: 9, every: 60, lasting: 10 };
    expect(at(curve, 0, 49, 50, 59, 60, 110)).toEqual([1, 1, 9, 9, 1, 9]);
  });

  test("spike is high once", () => {
    expect(at({ shape: "spike", low: 1, high: 9, at: 60, lasting: 10 }, 59, 60, 69, 70, 130)).toEqual([
      1, 9, 9, 1, 1,
    ]);
  });

  test("of points goes straight from each to the next, and is level outside of them", () => {
    const points = [
      [10, 0],
      [20, 100],
      [40, 50],
    ];
    expect(at({ shape: "points", points }, 0, 10, 15, 20, 30, 40, 99)).toEqual([0, 0, 50, 100, 75, 50, 50]);
  });
});

describe("an amount", () => {
  const many = (amount: unknown) => {
    const parsed = amountSchema.parse(amount);
    const draw = random(3);
    return { mean: meanOf(parsed), values: Array.from({ length: 20_000 }, () => drawn(parsed, draw)) };
  };
  const average = (values: readonly number[]) =>
    values.reduce((sum, value) => sum + value, 0) / values.length;

  test("that is a number is that number", () => {
    expect(new Set(many(7).values)).toEqual(new Set([7]));
  });

  test("between two is between them, and in the middle on average", () => {
    const { mean, values } = many({ from: 10, to: 30 });
    expect(mean).toBe(20);
    expect(Math.min(...values)).toBeGreaterThanOrEqual(10);
    expect(Math.max(...values)).toBeLessThan(30);
    expect(average(values)).toBeCloseTo(20, 0);
  });

  test("with a deviation has that mean and deviation, and is never negative", () => {
    const { values } = many({ mean: 60, deviation: 30 });
    const mean = average(values);
    expect(Math.abs(mean - 60)).toBeLessThan(1);
    expect(Math.abs(Math.sqrt(average(values.map((value) => (value - mean) ** 2))) - 30)).toBeLessThan(1.5);
    expect(Math.min(...values)).toBeGreaterThan(0);
  });
});
