import { describe, expect, test } from "vitest";
import {
  type Segment,
  segmentsOf,
  stretchesOf,
  totalsOf,
} from "../../../../../src/inspector/page/views/segments.js";
import { stateHue } from "../../../../../src/inspector/page/views/state-hue.js";
import type { EventRecord } from "../../../../../src/inspector/recorder/frames.js";

const record = (
  at: number,
  state: EventRecord["state"],
  changes: Partial<EventRecord> = {},
): EventRecord => ({
  kind: "event",
  n: at,
  at,
  ref: "x:0",
  actor: "worker",
  sender: undefined,
  event: "something.happened",
  payload: {},
  status: "active",
  state,
  edges: [],
  ...changes,
});

const inWords = (segments: readonly Segment[]): readonly string[] =>
  segments.map(({ state, from, to }) => `${state ?? "?"} ${from}-${to}`);

describe("the states of an actor over time", () => {
  test("are unknown before its first record", () => {
    const records = [record(20, "ready"), record(50, "errored")];
    expect(inWords(segmentsOf(records, 0, 100))).toEqual(["? 0-20", "ready 20-50", "errored 50-100"]);
  });

  test("are unknown where nothing was recorded", () => {
    expect(inWords(segmentsOf([], 0, 100))).toEqual(["? 0-100"]);
  });

  test("are known as far as its current one has lasted", () => {
    const lasting = { state: "ready", since: 10 };
    expect(inWords(segmentsOf([], 0, 100, lasting))).toEqual(["? 0-10", "ready 10-100"]);
    expect(inWords(segmentsOf([record(60, "ready")], 0, 100, lasting))).toEqual(["? 0-10", "ready 10-100"]);
    expect(inWords(segmentsOf([record(60, "ready")], 50, 100, lasting))).toEqual(["ready 50-100"]);
    const changed = [record(60, "errored"), record(80, "ready")];
    expect(inWords(segmentsOf(changed, 0, 100, { state: "ready", since: 80 }))).toEqual([
      "? 0-60",
      "errored 60-80",
      "ready 80-100",
    ]);
  });

  test("begin with its start", () => {
    const records = [record(20, "loading", { event: "xstate.init" })];
    expect(inWords(segmentsOf(records, 0, 100))).toEqual(["loading 20-100"]);
  });

  test("end with its end", () => {
    const records = [record(0, "open"), record(60, "closed", { status: "done" })];
    expect(inWords(segmentsOf(records, 0, 100))).toEqual(["open 0-60"]);
  });

  test("begin with the state that it was in before the time that is looked at", () => {
    const records = [record(10, "loading"), record(20, "ready"), record(70, "errored")];
    expect(inWords(segmentsOf(records, 50, 100))).toEqual(["ready 50-70", "errored 70-100"]);
  });

  test("leave out what comes after the time that is looked at", () => {
    expect(inWords(segmentsOf([record(10, "ready"), record(200, "errored")], 0, 100))).toEqual([
      "? 0-10",
      "ready 10-100",
    ]);
  });

  test("are one segment for as long as events change nothing", () => {
    const records = [record(0, "ready"), record(10, "ready"), record(20, "ready")];
    expect(inWords(segmentsOf(records, 0, 100))).toEqual(["ready 0-100"]);
  });

  test("have the names of nested states", () => {
    const records = [record(0, { draining: "finishing" }), record(50, { draining: "closing" })];
    expect(inWords(segmentsOf(records, 0, 100))).toEqual([
      "draining.finishing 0-50",
      "draining.closing 50-100",
    ]);
  });

  test("are unknown of an actor that is no machine", () => {
    expect(inWords(segmentsOf([record(20, undefined)], 0, 100))).toEqual(["? 0-100"]);
  });

  test("are none within no time", () => {
    expect(segmentsOf([record(0, "ready")], 50, 50)).toEqual([]);
  });
});

test("the total of a state is the sum of its segments, and the longest comes first", () => {
  const records = [record(0, "ready"), record(10, "errored"), record(70, "ready")];
  expect(totalsOf(segmentsOf(records, 0, 100))).toEqual([
    ["errored", 60],
    ["ready", 40],
  ]);
});

describe("the parts of a bar", () => {
  const segments: readonly Segment[] = [
    { state: "a", from: 0, to: 50 },
    { state: "b", from: 50, to: 51 },
    { state: "c", from: 51, to: 52 },
    { state: "b", from: 52, to: 53 },
    { state: "a", from: 53, to: 100 },
  ];

  test("are the states where there is room for all of them", () => {
    expect(stretchesOf(segments, 1).map(({ states }) => states)).toEqual([["a"], ["b"], ["c"], ["b"], ["a"]]);
  });

  test("join neighbours that are too short", () => {
    expect(stretchesOf(segments, 10)).toEqual([
      { states: ["a"], from: 0, to: 50 },
      { states: ["b", "c"], from: 50, to: 53 },
      { states: ["a"], from: 53, to: 100 },
    ]);
  });

  test("are never more than there is room for", () => {
    const many = Array.from({ length: 5000 }, (_none, at) => ({ state: `s${at % 7}`, from: at, to: at + 1 }));
    expect(stretchesOf(many, 50)).toHaveLength(100);
  });
});

test("a state has the same colour every time, and states within one have colours near to each other", () => {
  expect(stateHue("idle")).toBe(stateHue("idle"));
  const hues = ["draining.finishing", "draining.closing", "draining.reporting"].map(stateHue);
  expect(new Set(hues).size).toBe(3);
  expect(Math.max(...hues) - Math.min(...hues)).toBeLessThanOrEqual(50);
});
