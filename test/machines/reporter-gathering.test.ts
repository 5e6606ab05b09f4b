import { describe, expect, test } from "vitest";
import { startedReporter, TAKEN } from "./support/started-reporter.js";

describe("what there is to report", () => {
  test("is gathered for one second from the first event on", async () => {
    const { deliver, due, pass } = startedReporter();
    due();
    await pass(600);
    due();
    await pass(399);
    expect(deliver.count).toBe(0);
    await pass(1);
    expect(deliver.count).toBe(1);
    await deliver.succeed(TAKEN);
    await pass(1000);
    expect(deliver.count).toBe(1);
  });

  test("goes out at once when the worker's state changes, with its new condition", async () => {
    const { deliver, due, changed, pass } = startedReporter();
    due();
    await pass(100);
    changed({ maxPerf: 5, errorMsg: "broken" });
    expect(deliver.all.map(({ input }) => input)).toEqual([
      {
        kind: "status",
        address: "http://a",
        condition: { maxPerf: 5, errorMsg: "broken", loadtime: 0 },
        timeoutMs: 10_000,
      },
    ]);
    await deliver.succeed(TAKEN);
    await pass(1000);
    expect(deliver.count).toBe(1);
  });

  test("goes out at once when the worker's state changes while nothing was due", () => {
    const { deliver, changed } = startedReporter();
    changed();
    expect(deliver.count).toBe(1);
  });

  test("belongs to the next report when it comes during a sending, a second after its end", async () => {
    const { deliver, due, pass } = startedReporter();
    due();
    await pass(1000);
    due();
    await deliver.succeed(TAKEN);
    await pass(999);
    expect(deliver.count).toBe(1);
    await pass(1);
    expect(deliver.count).toBe(2);
  });

  test("is a state change during a sending: the next report follows without gathering", async () => {
    const { deliver, changed } = startedReporter();
    changed({ maxPerf: 1 });
    changed({ maxPerf: 2 });
    changed({ maxPerf: 3 });
    expect(deliver.count).toBe(1);
    await deliver.succeed(TAKEN);
    expect(deliver.all.map(({ input }) => input.condition.maxPerf)).toEqual([1, 3]);
    await deliver.succeed(TAKEN);
    expect(deliver.count).toBe(2);
  });

  test("is sent on at once as long as one report does not hold it all", async () => {
    const { deliver, due, state, pass } = startedReporter({ kind: "ended" });
    due();
    await pass(1000);
    await deliver.succeed({ loadtime: 0, more: true });
    expect(deliver.count).toBe(2);
    await deliver.succeed({ loadtime: 0, more: true });
    expect(deliver.count).toBe(3);
    await deliver.succeed(TAKEN);
    expect(deliver.count).toBe(3);
    expect(state()).toBe("idle");
  });

  test("waits while a report is in flight", async () => {
    const { deliver, due, changed, pass } = startedReporter();
    changed();
    due();
    changed();
    await pass(60_000);
    expect(deliver.count).toBe(1);
  });
});
