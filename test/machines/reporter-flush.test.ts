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

  test("sends once more when the order came during a sending, because that one may not hold it all", async () => {
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

  test("is done when each address has failed three times", async () => {
    const { deliver, flush, asked, state, pass } = startedReporter({ addresses: ["http://a", "http://b"] });
    flush();
    for (let tries = 1; tries <= 6; tries++) {
      expect(state()).toBe("sending");
      await deliver.fail();
      if (tries % 3 !== 0) await pass(1000);
    }
    expect(asked()).toEqual([...Array(3).fill("http://a"), ...Array(3).fill("http://b")]);
    expect(state()).toBe("done");
  });

  test("keeps its remaining tries when the order came between two of them", async () => {
    const { deliver, changed, flush, state, pass } = startedReporter();
    changed();
    await deliver.fail();
    flush();
    expect(state()).toBe("retrying");
    await pass(1000);
    await deliver.succeed(TAKEN);
    expect(state()).toBe("done");
  });
});
