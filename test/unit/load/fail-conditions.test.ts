import { describe, expect, test } from "vitest";
import { FAIL_METRICS, metConditions, readFailConditions } from "../../../src/load/fail-conditions.js";
import { loadResult } from "../../support/load-result.js";
import { rowsBelow, textOf } from "../support/documents.js";

/** Of 100 requests 10 failed; p99 is 400 ms; 9 were done a second. */
const met = (text: string, totals: Parameters<typeof loadResult>[1] = {}) =>
  metConditions(readFailConditions(text), loadResult({}, totals));

describe("a condition is met", () => {
  test.each([
    ["errors>9", "errors is 10"],
    ["errors>=10%", "errors is 10%"],
    ["errors > 0.5 %", "errors is 10%"],
    ["p50<=5s", "p50 is "],
    ["max>1ms", "max is "],
    ["mean<10s", "mean is "],
    ["first-byte-p99<1s", "first-byte-p99 is "],
    ["done/s<9.5", "done/s is 9"],
    ["tokens/s<1", "tokens/s is 0"],
    ["not-sent<=0%", "not-sent is 0%"],
  ])("%s", (text, said) => {
    const lines = met(text);
    expect(lines).toHaveLength(1);
    expect(lines[0]).toContain(`: ${said}`);
  });

  test("each in a line of its own", () => {
    expect(met("errors>1%,p50>1h".replace("1h", "1ms"))).toHaveLength(2);
  });

  test("by a time where no request succeeded", () => {
    expect(met("p99>2s,first-byte-p50<1s", { latencyMs: null, firstByteMs: null })).toEqual([
      "p99>2s: no request succeeded",
      "first-byte-p50<1s: no request succeeded",
    ]);
  });
});

test.each(["errors>10", "errors>10%", "errors<10", "p99>60s", "not-sent>0", "not-sent>0%", "done/s<9"])(
  "%s is not met",
  (text) => {
    expect(met(text)).toEqual([]);
  },
);

test("a test that sent nothing has no percentage of errors", () => {
  expect(met("errors>0%,not-sent>0%", { sent: 0, failed: 0, notSent: 0 })).toEqual([]);
});

test.each([
  ["", '"" is not a condition: expected one such as errors>1% or p99>2s'],
  ["errors>1%,", '"" is not a condition'],
  ["errors=1", '"errors=1" is not a condition'],
  ["errors>-1", '"errors>-1" is not a condition'],
  ["p99>2m", '"p99>2m" is not a condition'],
  ["p99>2", '"p99>2": expected a time in ms or s, such as p99>2s'],
  ["errors>2s", '"errors>2s": expected a number or a percentage'],
  ["done/s<1%", '"done/s<1%": expected a number without a unit'],
  ["p98>1s", '"p98>1s": there is no p98, only errors, not-sent, p50'],
  ["constructor>1", '"constructor>1": there is no constructor'],
])("%j is refused", (text, message) => {
  expect(() => readFailConditions(text)).toThrow(message);
});

test("every metric is in the documentation, and no other one", async () => {
  const named = rowsBelow(await textOf("docs/load-testing.md"), "In CI").flatMap(([cell = ""]) =>
    [...cell.matchAll(/`([^`]+)`/g)].map(([, name]) => name),
  );
  const shown = FAIL_METRICS.filter((name) => !name.startsWith("first-byte-") || name === "first-byte-p50");
  expect(named.toSorted()).toEqual(shown.toSorted());
});
