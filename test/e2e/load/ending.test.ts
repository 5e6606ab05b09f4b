import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { type LoadResult, loadResultSchema } from "../../../src/load/load-result.js";
import { tsworker } from "../../support/command-line.js";
import { eventually } from "../../support/eventually.js";
import { waitingWorker } from "../../support/waiting-worker.js";

// A process takes its time to start, most of all while others do.
const SLOW = { timeoutMs: 60_000 };

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);

/** A running load test on a worker that answers when the test lets it. */
async function underWay(...flags: readonly string[]) {
  const worker = await waitingWorker();
  const folder = await mkdtemp(join(tmpdir(), "tsworker-load-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  const out = join(folder, "out.json");
  const command = tsworker(
    ...["load", ...flags, "-e", "endpoint", "-k", "key", "--engine-url", worker.engine.url, "--json", out],
  );
  const result = async (): Promise<LoadResult> =>
    loadResultSchema.parse(JSON.parse(await readFile(out, "utf8")));
  return { worker, command, result };
}

test("requests arrive although none is answered; what is too many is counted as not sent", async () => {
  const { command, result, worker } = await underWay("-n", "300", "-rps", "100", "--max-in-flight", "50");
  await eventually(() => worker.came() === 50, SLOW);
  // All 300 have been due, and none has ended.
  const line = /sent 50\/300 +routing 0 +generating 50 +done 0 +errors 0 +not sent 250/;
  await eventually(() => expect(command.stderr()).toMatch(line), SLOW);
  expect(worker.came()).toBe(50);
  worker.answerAll();
  expect(await command.exitCode).toBe(0);
  const { totals, series } = await result();
  expect(totals).toMatchObject({ sent: 50, notSent: 250, succeeded: 50, failed: 0 });
  // By the clock: in each of the three seconds a hundred were due, whatever the worker did.
  expect(series.slice(0, 3).map(({ due }) => due)).toEqual([100, 100, 100]);
  expect(sum(series.map(({ due }) => due))).toBe(300);
  expect(command.stdout()).toContain("250 arrivals were not sent");
});

test("Ctrl-C sends nothing more, waits for requests in flight, and ends with the report and 130", async () => {
  const { command, result, worker } = await underWay("-n", "100000", "-rps", "20");
  await eventually(() => worker.came() >= 5, SLOW);
  command.signal("SIGINT");
  // npm passes the terminal's signal on to a command that has had it already.
  command.signal("SIGINT");
  const { came } = worker;
  await eventually(() => {
    worker.answerAll();
    return command.stdout().includes("interrupted");
  }, SLOW);
  expect(await command.exitCode).toBe(130);
  const { ended, totals } = await result();
  expect(ended).toBe("interrupted");
  expect(totals).toMatchObject({ planned: 100_000, sent: came(), succeeded: came(), failed: 0, notSent: 0 });
  expect(totals.sent).toBeLessThan(1000);
});

test("what does not end within some seconds after Ctrl-C is cut off, and counted as such", async () => {
  const { command, result, worker } = await underWay("--concurrency", "4", "--duration", "600");
  await eventually(() => worker.came() === 4, SLOW);
  command.signal("SIGTERM");
  expect(await command.exitCode).toBe(130);
  const { ended, totals } = await result();
  expect(ended).toBe("interrupted");
  expect(totals).toMatchObject({ planned: null, sent: 4, succeeded: 0, failed: 4, generating: 0 });
  expect(totals.errors).toMatchObject([{ where: "cut off", count: 4 }]);
});

test("a second Ctrl-C ends it at once, without a report", async () => {
  const { command, worker } = await underWay("--concurrency", "2", "-n", "2", "--interval", "0.1");
  await eventually(() => worker.came() === 2, SLOW);
  command.signal("SIGINT");
  // Lines are still printed while it waits: some of them, and the first signal is a while ago.
  const lines = (): number => command.stderr().split("\n").length;
  const before = lines();
  await eventually(() => lines() > before + 6, SLOW);
  command.signal("SIGINT");
  expect(await command.exitCode).toBe(130);
  expect(command.stdout()).toBe("");
});

test("a request that takes too long is a time-out, and the test continues", async () => {
  const { command, result } = await underWay("-n", "3", "-rps", "10", "--timeout", "3");
  expect(await command.exitCode).toBe(0);
  const { totals } = await result();
  expect(totals.errors).toMatchObject([{ where: "timeout", count: 3 }]);
});

test("an observer may disconnect, and the test continues to its report", async () => {
  const { command, result, worker } = await underWay("-n", "20", "-rps", "20", "--interval", "0.1");
  await eventually(() => worker.came() >= 2 && command.stderr() !== "", SLOW);
  command.closeStderr();
  await eventually(() => worker.came() === 20, SLOW);
  worker.answerAll();
  expect(await command.exitCode).toBe(0);
  expect((await result()).totals).toMatchObject({ sent: 20, succeeded: 20 });
});
