import { describe, expect, test } from "vitest";
import { startedReporter, TAKEN } from "./support/started-reporter.js";

describe("a reporter that is to deliver its last report", () => {
  test("sends at once and is done, even when nothing was due", async () => {
    const { reporter, deliver, flush } = startedReporter();
    flush();
    expect(deliver.count).toBe(1);
    await deliver.succeed(TAKEN);
    expect(reporter.getSnapshot()).toMatchObject({ value: "done", status: "done" });
  });

  test("does not wait for the end of the second while it gathers", () => {
    const { deliver, due, flush } = startedReporter();
    due();
    flush();
    expect(deliver.count).toBe(1);
  });

  test("does not wait for the end of its back-off", async () => {
    const { deliver, changed, flush, state, pass } = startedReporter();
    changed();
    await deliver.fail();
    await pass(1000);
    await deliver.fail();
    await pass(1000);
    await deliver.fail();
    expect(state()).toBe("backingOff");
    flush();
    expect(deliver.count).toBe(4);
    await deliver.succeed(TAKEN);
    expect(state()).toBe("done");
  });

  test("sends once more when the order arrived during a delivery, because that one may not hold it all", async () => {
    const { deliver, changed, flush, state } = startedReporter();
    changed();
    flush();
    await deliver.succeed(TAKEN);
    expect(deliver.count).toBe(2);
    expect(state()).toBe("sending");
    await deliver.succeed(TAKEN);
    expect(state()).toBe("done");
  });

  test("sends as many reports as it takes", async () => {
    const { deliver, flush, state } = startedReporter({ kind: "ended" });
    flush();
    await deliver.succeed({ loadtime: 0, more: true });
    await deliver.succeed({ loadtime: 0, more: true });
    expect(state()).toBe("sending");
    await deliver.succeed(TAKEN);
    expect(deliver.count).toBe(3);
    expect(state()).toBe("done");
  });

  test("sends a state that changed during the last sending", async () => {
    const { deliver, changed, flush, state } = startedReporter();
    flush();
    changed({ errorMsg: "too late?" });
    await deliver.succeed(TAKEN);
    expect(deliver.all[1]?.input.condition.errorMsg).toBe("too late?");
    await deliver.succeed(TAKEN);
    expect(state()).toBe("done");
  });

  test("tries each address once, with half of 9 s for each, then all of them again after half a second, without end", async () => {
    const { deliver, flush, asked, state, pass } = startedReporter({ addresses: ["http://a", "http://b"] });
    flush();
    for (let rounds = 1; rounds <= 50; rounds++) {
      expect(asked().at(-1)).toBe("http://a");
      await deliver.fail();
      expect(asked().at(-1)).toBe("http://b");
      expect(deliver.count).toBe(2 * rounds);
      await deliver.fail();
      expect(state()).toBe("backingOff");
      await pass(499);
      expect(deliver.count).toBe(2 * rounds);
      await pass(1);
      expect(deliver.count).toBe(2 * rounds + 1);
    }
    expect(new Set(deliver.all.map(({ input }) => input.timeoutMs))).toEqual(new Set([4500]));
    await deliver.fail();
    await deliver.succeed(TAKEN);
    expect(state()).toBe("done");
  });

  test("continues with the next address, and has no long back-off, however often it failed before", async () => {
    const { deliver, changed, flush, asked, pass } = startedReporter({ addresses: ["http://a", "http://b"] });
    changed();
    for (let tries = 1; tries <= 60; tries++) {
      await deliver.fail();
      await pass(10_000);
    }
    flush();
    const before = deliver.count;
    await deliver.fail();
    await deliver.fail();
    await pass(500);
    await deliver.fail();
    expect(asked().slice(before - 1)).toEqual(["http://a", "http://b", "http://a", "http://b"]);
  });

  test("does not wait between two tries when the order comes there", async () => {
    const { deliver, changed, flush, state } = startedReporter();
    changed();
    await deliver.fail();
    expect(state()).toBe("retrying");
    flush();
    expect(state()).toBe("sending");
    expect(deliver.all[1]?.input).toMatchObject({ address: "http://a", timeoutMs: 9000 });
    await deliver.succeed(TAKEN);
    expect(state()).toBe("done");
  });

  test("does not report the time of a load again", async () => {
    const { deliver, changed, flush } = startedReporter();
    changed({ loadtime: 7 });
    await deliver.succeed({ loadtime: 7, more: false });
    flush();
    expect(deliver.all.map(({ input }) => input.condition.loadtime)).toEqual([7, 0]);
  });
});

describe("a report that is in flight when the flush is requested", () => {
  test("has its share of 9 s more, then the next address is tried", async () => {
    const { deliver, changed, flush, asked, state, pass } = startedReporter({
      addresses: ["http://a", "http://b"],
    });
    changed();
    await pass(5000);
    flush();
    await pass(4499);
    expect(asked()).toEqual(["http://a"]);
    expect(deliver.all[0]?.signal.aborted).toBe(false);
    await pass(1);
    expect(asked()).toEqual(["http://a", "http://b"]);
    expect(deliver.all.map(({ signal }) => signal.aborted)).toEqual([true, false]);
    expect(deliver.all.map(({ input }) => input.timeoutMs)).toEqual([10_000, 4500]);
    await deliver.succeed(TAKEN);
    expect(state()).toBe("done");
  });

  test("has all 9 s where there is no next address, and is not repeated", async () => {
    const { deliver, due, flush, state, pass } = startedReporter();
    due();
    await pass(1000);
    flush();
    await pass(8999);
    expect(deliver.all.map(({ input, signal }) => [input.timeoutMs, signal.aborted])).toEqual([
      [10_000, false],
    ]);
    await deliver.succeed(TAKEN);
    expect(deliver.count).toBe(2);
    await deliver.succeed(TAKEN);
    expect(state()).toBe("done");
  });

  test("and is overdue is no longer listened to", async () => {
    const { deliver, changed, flush, state, pass } = startedReporter({
      addresses: ["http://a", "http://b"],
    });
    changed();
    flush();
    await pass(4500);
    deliver.all[0]?.resolve(TAKEN);
    await pass(0);
    expect(state()).toBe("sending");
    expect(deliver.count).toBe(2);
  });

  test("and fails is followed by the next address at once", async () => {
    const { deliver, changed, flush, asked } = startedReporter({ addresses: ["http://a", "http://b"] });
    changed();
    flush();
    await deliver.fail();
    expect(asked()).toEqual(["http://a", "http://b"]);
  });

  test.each(["delivers", "fails"])("and %s late takes no time from the next one", async (how) => {
    const { deliver, changed, flush, pass } = startedReporter({ addresses: ["http://a", "http://b"] });
    changed();
    flush();
    await pass(1900);
    if (how === "delivers") await deliver.succeed(TAKEN);
    else await deliver.fail();
    expect(deliver.count).toBe(2);
    // The sending itself gives up after its `timeoutMs`.
    await pass(60_000);
    expect(deliver.count).toBe(2);
    expect(deliver.all[1]?.signal.aborted).toBe(false);
  });
});
