import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { loadResultSchema } from "../../../src/load/load-result.js";
import { tsworker } from "../../support/command-line.js";
import { eventually } from "../../support/eventually.js";
import { loadFixture } from "../../support/load-fixture.js";

async function folder(): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), "tsworker-load-"));
  onTestFinished(() => rm(path, { recursive: true }));
  return path;
}

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);

test.each([
  ["plain answers, by the clock", ["-n", "200", "-rps", "100"], "tokens"],
  ["streams, a number at a time", ["-n", "100", "--concurrency", "8", "--stream"], "events"],
] as const)(
  "what the load tester counts is what engine, workers and models count: %s",
  async (_, flags, unit) => {
    const { engine, models } = await loadFixture();
    const before = sum(models.map(({ stats }) => stats.requests));
    const out = join(await folder(), "out.json");
    const command = tsworker(
      ...["load", ...flags, "-e", "endpoint", "-k", "key", "--engine-url", engine.url, "--json", out],
    );
    expect(await command.exitCode, command.stderr()).toBe(0);
    const { config, ended, series, totals } = loadResultSchema.parse(JSON.parse(await readFile(out, "utf8")));
    const count = Number(flags[1]);
    expect(ended).toBe("complete");
    expect(config.endpoint).toBe("endpoint");
    expect(totals).toMatchObject({
      planned: count,
      sent: count,
      notSent: 0,
      succeeded: count,
      failed: 0,
      routing: 0,
      generating: 0,
    });
    // Each second's numbers add up to the sums.
    for (const name of ["sent", "succeeded", "failed", "events", "tokens"] as const) {
      expect(sum(series.map((point) => point[name]))).toBe(totals[name]);
    }
    expect(sum(series.map(({ due }) => due))).toBe(count);
    expect(series.at(-1)?.inFlight).toBe(0);
    expect(totals.latencyMs?.count).toBe(count);
    expect(sum(totals.workers.map(({ requests }) => requests))).toBe(count);
    expect(totals.workers).toHaveLength(2);
    // The models.
    expect(sum(models.map(({ stats }) => stats.completed)) - before).toBe(count);
    expect(totals[unit]).toBeGreaterThanOrEqual(64 * count);
    // The engine, and the reports that it received.
    expect(engine.totals).toMatchObject({ requested: count, requestedLoad: 64 * count });
    await eventually(
      () => {
        expect(engine.totals.ended).toEqual({ Success: count, Error: 0, Cancelled: 0, Rejected: 0 });
        expect(engine.totals.requestsReceived).toBe(count);
        expect(engine.totals.servedLoad).toBe(64 * count);
      },
      { timeoutMs: 60_000 },
    );
    for (const worker of engine.workers) {
      const sent = totals.workers.find(({ url }) => url === worker.url)?.requests;
      expect(engine.ended.filter(({ worker_id }) => worker_id === worker.id)).toHaveLength(sent ?? -1);
    }
  },
);
