import { describe, expect, test } from "vitest";
import type { Payload } from "../../../../src/shared/wire.js";
import { workloadOf } from "../../../../src/worker/config/workload.js";
import { keptLog } from "../../support/kept-log.js";
import { unhandledRejections } from "../../support/unhandled-rejections.js";

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

  test("is 100 without a calculator, silently", () => {
    const { log, lines } = keptLog();
    expect(workloadOf({ route: "/go" }, {}, log)).toBe(100);
    expect(lines).toEqual([]);
  });

  test("may be as large as 10^12", () => {
    const { log, lines } = keptLog();
    const dearest = calculating(() => 1e12);
    expect(workloadOf(dearest, {}, log)).toBe(1e12);
    expect(lines).toEqual([]);
  });

  test.each([
    -1,
    -Number.MIN_VALUE,
    Number.NaN,
    Number.POSITIVE_INFINITY,
    Number.NEGATIVE_INFINITY,
    1e12 + 1,
    Number.MAX_SAFE_INTEGER,
    1e308,
    7n,
    "7",
    true,
    [7],
    undefined,
    null,
    Promise.resolve(7),
  ])("is 100 where the calculator gives %s, and the log warns", (value) => {
    const { log, warnings } = keptLog();
    expect(
      workloadOf(
        calculating(() => value as unknown as number),
        {},
        log,
      ),
    ).toBe(100);
    expect(warnings()).toMatchObject([{ route: "/go", workload: String(value) }]);
  });

  test("is 100 where the calculator throws, and the error is logged", () => {
    const { log, warnings } = keptLog();
    const throws = calculating(() => {
      throw new Error("no tokens");
    });
    expect(workloadOf(throws, {}, log)).toBe(100);
    expect(warnings()).toMatchObject([{ route: "/go", err: { message: "no tokens" } }]);
  });

  test("is 100 where the calculator gives a Promise that rejects: the rejection is handled", async () => {
    const { log, warnings } = keptLog();
    const rejects = calculating((async () => {
      throw new Error("no tokens");
    }) as unknown as () => number);
    const workloads: number[] = [];
    expect(await unhandledRejections(() => workloads.push(workloadOf(rejects, {}, log)))).toEqual([]);
    expect(workloads).toEqual([100]);
    expect(warnings()).toMatchObject([{ route: "/go", workload: "[object Promise]" }]);
  });
});
