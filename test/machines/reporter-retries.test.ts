import { describe, expect, test } from "vitest";
import { startedReporter, TAKEN } from "./support/started-reporter.js";

type Started = ReturnType<typeof startedReporter>;

/** Lets three tries at the address in use fail; the third leads to the next address, or to the back-off. */
async function failAddress({ deliver, pass }: Started): Promise<void> {
  for (const wait of [1000, 1000, 0]) {
    await deliver.fail();
    if (wait > 0) await pass(wait);
  }
}

describe("a report that fails", () => {
  test("is tried three times at an address, a second apart, then at the next one at once", async () => {
    const started = startedReporter({ addresses: ["http://a", "http://b"] });
    const { deliver, changed, asked, pass } = started;
    changed();
    await deliver.fail();
    await pass(999);
    expect(asked()).toEqual(["http://a"]);
    await pass(1);
    await deliver.fail();
    await pass(1000);
    expect(asked()).toEqual(["http://a", "http://a", "http://a"]);
    await deliver.fail();
    expect(asked()).toEqual(["http://a", "http://a", "http://a", "http://b"]);
  });

  test("stays with the address that took one", async () => {
    const started = startedReporter({ addresses: ["http://a", "http://b"] });
    const { deliver, changed, asked } = started;
    changed();
    await failAddress(started);
    await deliver.succeed(TAKEN);
    changed();
    expect(asked().slice(3)).toEqual(["http://b", "http://b"]);
  });

  test("goes from the last address back to the first", async () => {
    const started = startedReporter({ addresses: ["http://a", "http://b"] });
    const { deliver, changed, asked } = started;
    changed();
    await failAddress(started);
    await deliver.succeed(TAKEN);
    changed();
    await failAddress(started);
    expect(asked().at(-1)).toBe("http://a");
  });

  test("has three new tries after each success", async () => {
    const started = startedReporter();
    const { deliver, changed, state, pass } = started;
    for (let round = 0; round < 3; round++) {
      changed();
      await deliver.fail();
      await pass(1000);
      await deliver.fail();
      await pass(1000);
      await deliver.succeed(TAKEN);
      expect(state()).toBe("idle");
    }
  });

  test.each([
    ["one address", ["http://a"]],
    ["three addresses", ["http://a", "http://b", "http://c"]],
  ])("backs off for 2, 4, 8 and then always 10 s after a round through %s", async (_, addresses) => {
    const started = startedReporter({ addresses });
    const { deliver, changed, state, pass } = started;
    changed();
    for (const wait of [2000, 4000, 8000, 10_000, 10_000, 10_000]) {
      for (const _address of addresses) await failAddress(started);
      expect(state()).toBe("backingOff");
      const before = deliver.count;
      await pass(wait - 1);
      expect(deliver.count).toBe(before);
      await pass(1);
      expect(deliver.count).toBe(before + 1);
    }
  });

  test("leads back to work as before: after a success it gathers, and the next back-off begins small", async () => {
    const started = startedReporter();
    const { reporter, deliver, changed, due, state, pass } = started;
    changed();
    await failAddress(started);
    await pass(2000);
    await failAddress(started);
    expect(reporter.getSnapshot().context.lastError).toBe("it failed");
    await pass(4000);
    await deliver.succeed(TAKEN);
    expect(state()).toBe("idle");
    expect(reporter.getSnapshot().context.lastError).toBeUndefined();
    due();
    await pass(1000);
    await failAddress(started);
    const before = deliver.count;
    await pass(2000);
    expect(deliver.count).toBe(before + 1);
  });

  test("sends the newest condition in each try", async () => {
    const { deliver, changed, pass } = startedReporter();
    changed({ maxPerf: 1 });
    await deliver.fail();
    changed({ maxPerf: 2 });
    await pass(1000);
    expect(deliver.all.map(({ input }) => input.condition.maxPerf)).toEqual([1, 2]);
  });

  test("does not hurry because more happens meanwhile", async () => {
    const started = startedReporter();
    const { deliver, changed, due, pass } = started;
    changed();
    await deliver.fail();
    due();
    changed();
    expect(deliver.count).toBe(1);
    await pass(1000);
    await deliver.fail();
    await pass(1000);
    await deliver.fail();
    due();
    changed();
    await pass(1999);
    expect(deliver.count).toBe(3);
  });
});
