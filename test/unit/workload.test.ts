import { describe, expect, test } from "vitest";
import type { Payload } from "../../src/wire.js";
import { workloadOf } from "../../src/workload.js";
import { keptLog } from "./support/kept-log.js";

const calculating = (workloadCalculator: (payload: Payload) => number) => ({
  route: "/go",
  workloadCalculator,
});

describe("the workload of a payload", () => {
  test("is what the handler's calculator makes of it", () => {
    const { log, lines } = keptLog();
    expect(
      workloadOf(
        calculating(({ tokens }) => Number(tokens)),
        { tokens: 256.5 },
        log,
      ),
    ).toBe(256.5);
    expect(
      workloadOf(
        calculating(() => 0),
        {},
        log,
      ),
    ).toBe(0);
    expect(lines).toEqual([]);
  });

  test("is 100 without a calculator, without a word", () => {
    const { log, lines } = keptLog();
    expect(workloadOf({ route: "/go" }, {}, log)).toBe(100);
    expect(lines).toEqual([]);
  });

  test.each([-1, Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, "7", undefined, null])(
    "is 100 where the calculator gives %s, and the log warns",
    (value) => {
      const { log, warnings } = keptLog();
      expect(
        workloadOf(
          calculating(() => value as number),
          {},
          log,
        ),
      ).toBe(100);
      expect(warnings()).toMatchObject([{ route: "/go", workload: String(value) }]);
    },
  );

  test("is 100 where the calculator throws, and the log tells what", () => {
    const { log, warnings } = keptLog();
    const throws = calculating(() => {
      throw new Error("no tokens");
    });
    expect(workloadOf(throws, {}, log)).toBe(100);
    expect(warnings()).toMatchObject([{ route: "/go", err: { message: "no tokens" } }]);
  });
});
