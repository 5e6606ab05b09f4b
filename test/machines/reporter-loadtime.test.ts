import { describe, expect, test } from "vitest";
import { startedReporter, TAKEN } from "./support/started-reporter.js";

/** What an address answers that takes a report with this load time. */
const taken = (loadtime: number) => ({ loadtime, more: false });

const loadtimes = ({ deliver }: ReturnType<typeof startedReporter>) =>
  deliver.all.map(({ input }) => input.condition.loadtime);

describe("the load time", () => {
  test("is reported in the first report after the worker became ready, and never again", async () => {
    const started = startedReporter();
    const { deliver, changed, due, pass } = started;
    changed({ loadtime: 0 });
    await deliver.succeed(taken(0));
    changed({ loadtime: 12.5 });
    await deliver.succeed(taken(12.5));
    due();
    await pass(1000);
    await deliver.succeed(taken(0));
    changed({ loadtime: 12.5, errorMsg: "broken" });
    await deliver.succeed(taken(0));
    await pass(10_000);
    expect(loadtimes(started)).toEqual([0, 12.5, 0, 0, 0]);
  });

  test("is reported until a report was delivered, while states change meanwhile", async () => {
    const started = startedReporter({ addresses: ["http://a", "http://b"] });
    const { deliver, changed, pass } = started;
    changed({ loadtime: 12.5 });
    await deliver.fail();
    changed({ loadtime: 12.5, errorMsg: "broken" });
    await pass(1000);
    await deliver.fail();
    changed({ loadtime: 12.5 });
    await pass(1000);
    await deliver.fail();
    await deliver.succeed(taken(12.5));
    changed({ loadtime: 12.5, errorMsg: "broken again" });
    await deliver.succeed(TAKEN);
    expect(loadtimes(started)).toEqual([12.5, 12.5, 12.5, 12.5, 0]);
  });

  test("is not reported again by a state change that arrived while it was being delivered", async () => {
    const started = startedReporter();
    const { deliver, changed } = started;
    changed({ loadtime: 12.5 });
    changed({ loadtime: 12.5, errorMsg: "broken" });
    await deliver.succeed(taken(12.5));
    expect(loadtimes(started)).toEqual([12.5, 0]);
    expect(deliver.all[1]?.input.condition.errorMsg).toBe("broken");
  });

  test("is reported after all when the worker became ready while an earlier report was in flight", async () => {
    const started = startedReporter();
    const { deliver, changed } = started;
    changed({ loadtime: 0 });
    changed({ loadtime: 12.5 });
    await deliver.succeed(taken(0));
    expect(loadtimes(started)).toEqual([0, 12.5]);
  });
});
