import { describe, expect, test } from "vitest";
import { startedReporter, TAKEN } from "./support/started-reporter.js";

describe("while nothing happens", () => {
  test("a status report goes out at least every 10 s", async () => {
    const { deliver, pass } = startedReporter({ kind: "status" });
    for (let beat = 1; beat <= 5; beat++) {
      await pass(10_000);
      expect(deliver.count).toBe(beat);
      await deliver.succeed(TAKEN);
    }
  });

  test("status reports are not sent more often than every 9 s", async () => {
    const { deliver, pass } = startedReporter({ kind: "status" });
    await pass(9000);
    expect(deliver.count).toBe(0);
  });

  test("ended requests are never reported", async () => {
    const { deliver, pass } = startedReporter({ kind: "ended" });
    for (let seconds = 0; seconds < 60; seconds += 10) await pass(10_000);
    expect(deliver.count).toBe(0);
  });
});
