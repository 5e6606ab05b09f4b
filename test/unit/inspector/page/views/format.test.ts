import { describe, expect, test } from "vitest";
import { stateText } from "../../../../../src/inspector/chart/state-value.js";
import {
  ageText,
  clockText,
  durationText,
  eventLabel,
  shorten,
  unitText,
} from "../../../../../src/inspector/page/views/format.js";

describe("a state as text", () => {
  test.each([
    ["no state", undefined, ""],
    ["a name", "ready", "ready"],
    ["a name within a name", { draining: "finishing" }, "draining.finishing"],
    ["three names deep", { on: { slow: "first" } }, "on.slow.first"],
    ["several at once", { door: "open", light: "on" }, "door.open, light.on"],
    ["several within a name", { room: { door: "open", light: "on" } }, "room.(door.open, light.on)"],
    ["a name with nothing within", { stopped: {} }, "stopped"],
    ["a region that is not there", { door: "open", light: undefined }, "door.open"],
  ])("%s", (_what, value, text) => {
    expect(stateText(value)).toBe(text);
  });
});

describe("a duration", () => {
  test.each([
    [-5, "0 ms"],
    [Number.NaN, "0 ms"],
    [0, "0 ms"],
    [0.44, "0.4 ms"],
    [9.949, "9.9 ms"],
    [9.96, "10 ms"],
    [240.4, "240 ms"],
    [999.6, "1.00 s"],
    [3240, "3.24 s"],
    [9996, "10.0 s"],
    [34_060, "34.1 s"],
    [59_960, "1 m 00 s"],
    [125_000, "2 m 05 s"],
    [3_599_600, "1 h 00 m"],
    [11_220_000, "3 h 07 m"],
    [86_400_000, "1 d 00 h"],
    [183_600_000, "2 d 03 h"],
  ])("of %d ms is %s", (ms, text) => {
    expect(durationText(ms)).toBe(text);
  });
});

test.each([
  [-1, "0.0 s"],
  [99, "0.0 s"],
  [3290, "3.2 s"],
  [59_999, "59.9 s"],
  [60_000, "1 m 00 s"],
])("an age of %d ms is %s", (ms, text) => {
  expect(ageText(ms)).toBe(text);
});

test("a time of day has milliseconds and leading zeros", () => {
  expect(clockText(new Date(2026, 0, 1, 9, 5, 3, 7).getTime())).toBe("09:05:03.007");
});

describe("a text that is too long", () => {
  test("loses its middle", () => {
    expect(shorten("session.V1StGXR8_Z5jdHi6B-myT", 13)).toBe("sessio…6B-myT");
    expect(shorten("session.V1StGXR8_Z5jdHi6B-myT", 12)).toHaveLength(12);
  });

  test("stays as it is when it just fits", () => {
    expect(shorten("queue.default", 13)).toBe("queue.default");
  });

  test("is cut where there is no room for a middle", () => {
    expect(shorten("worker", 2)).toBe("wo");
    expect(shorten("worker", 0)).toBe("");
  });
});

describe("the label of an event", () => {
  test.each([
    ["request.granted", "request.granted"],
    ["xstate.init", "xstate.init"],
    ["xstate.after.drainTimeout.worker.draining.finishing", "after drainTimeout"],
    ["xstate.after.1000.worker.ready", "after 1.00 s"],
  ])("%s is %s", (event, label) => {
    expect(eventLabel(event)).toBe(label);
  });
});

describe("a value of a chart is shown in its unit", () => {
  test.each([
    [0, "ms", "0 ms"],
    [250, "ms", "250 ms"],
    [2500, "ms", "2.5 s"],
    [600_000, "ms", "10 min"],
    [0.325, "%", "32.5%"],
    [512, "bytes", "512 B"],
    [128 * 1024 ** 2, "bytes", "128 MiB"],
    [12_345, "requests/s", "12.3K"],
  ] as const)("%d of %s is %s", (value, unit, text) => {
    expect(unitText(value, unit)).toBe(text);
  });
});
