import { describe, expect, test } from "vitest";
import { columnsOf, lonely, SAMPLE_CHARTS } from "../../../../../src/inspector/page/views/sample-charts.js";
import type { Sample } from "../../../../../src/inspector/recorder/frames.js";

const sample = (at: number, changes: Partial<Sample> = {}): Sample => ({
  at,
  openLoad: 5,
  loadAhead: 3,
  capacity: undefined,
  waiting: 2,
  running: 1,
  sessions: 0,
  outcomes: { success: 9, error: 8, cancelled: 7, rejected: 6 },
  wait: null,
  firstByte: null,
  latency: null,
  reports: { delivered: 1, failed: 0 },
  cpu: 0.5,
  memory: 1024,
  ...changes,
});

describe("samples as columns", () => {
  test("have times in seconds and a column for each reading", () => {
    const columns = columnsOf([sample(1000), sample(2000)], [({ waiting }) => waiting, ({ cpu }) => cpu]);
    expect(columns).toEqual({
      times: [1, 2],
      values: [
        [2, 2],
        [0.5, 0.5],
      ],
    });
  });

  test("have a gap where there was no value, or none that can be drawn", () => {
    const latency = { p50: 10, p99: Number.POSITIVE_INFINITY };
    const columns = columnsOf(
      [sample(1000, { latency })],
      [({ capacity }) => capacity, (each) => each.wait?.p50, (each) => each.latency?.p99],
    );
    expect(columns.values).toEqual([[null], [null], [null]]);
  });

  test("have a gap where samples are missing", () => {
    const columns = columnsOf([sample(1000), sample(2100), sample(9100)], [({ waiting }) => waiting]);
    expect(columns).toEqual({ times: [1, 2.1, 5.6, 9.1], values: [[2, 2, null, 2]] });
  });
});

test("a value without neighbours is lonely", () => {
  expect(lonely([1, null, 2, 3, null, undefined, 4])).toEqual([0, 6]);
  expect(lonely([])).toEqual([]);
});

test("every number of a sample is drawn", () => {
  const percentiles = (p50: number, p99: number) => ({ p50, p99 });
  const full = sample(1000, {
    capacity: 4,
    wait: percentiles(10, 11),
    firstByte: percentiles(12, 13),
    latency: percentiles(14, 15),
  });
  const numbersIn = (value: unknown): number[] =>
    typeof value === "object" && value !== null ? Object.values(value).flatMap(numbersIn) : [Number(value)];
  const { at: _at, ...rest } = full;
  const drawn = SAMPLE_CHARTS.flatMap(({ lines }) => lines.map(({ read }) => read(full)));
  expect(drawn.toSorted()).toEqual(numbersIn(rest).toSorted());
});
