import { expect, test } from "vitest";
import { durationText } from "../../src/inspect/page/chart/duration-text.js";

test.each([
  [0, "0.0 s"],
  [940, "0.9 s"],
  [9949, "9.9 s"],
  [9960, "10 s"],
  [59_940, "59 s"],
  [60_000, "1 min 0 s"],
  [3_599_999, "59 min 59 s"],
  [3_600_000, "1 h 0 min"],
  [90_000_000, "25 h 0 min"],
])("%d ms are %s", (ms, text) => {
  expect(durationText(ms)).toBe(text);
});
