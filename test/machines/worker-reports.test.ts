import { describe, expect, test } from "vitest";
import { readyWorker } from "./support/started-worker.js";

/** Number of deliveries of each kind. */
const counts = ({ deliver }: Awaited<ReturnType<typeof readyWorker>>) => ({
  status: deliver.all.filter(({ input }) => input.kind === "status").length,
  ended: deliver.all.filter(({ input }) => input.kind === "ended").length,
});

describe("a change of the ledger", () => {
  test.each(["status", "ended"] as const)(
    "is reported within a second, by the reporter of %s",
    async (report) => {
      const started = await readyWorker();
      const before = counts(started);
      started.worker.send({ type: "ledger.changed", report });
      await started.pass(999);
      expect(counts(started)).toEqual(before);
      await started.pass(1);
      expect(counts(started)).toEqual({ ...before, [report]: before[report] + 1 });
    },
  );

  test("is reported by the reporter that took the place of a dead one", async () => {
    const started = await readyWorker();
    await started.kill("reporter.ended");
    await started.pass(1000);
    const before = counts(started);
    started.worker.send({ type: "ledger.changed", report: "ended" });
    await started.pass(1000);
    expect(counts(started).ended).toBe(before.ended + 1);
  });

  test("does nothing once the worker has stopped", async () => {
    const started = await readyWorker();
    started.abort();
    const before = counts(started);
    started.worker.send({ type: "ledger.changed", report: "status" });
    await started.pass(10_000);
    expect(counts(started)).toEqual(before);
  });
});
