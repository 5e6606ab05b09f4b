import { expect } from "vitest";
import { ask } from "../../support/client.js";
import { eventually } from "../../support/eventually.js";
import { test } from "../../support/lab.js";
import { LOADED } from "../../support/logging-model.js";

/** Seconds between two reports in a row, of those from `begun` on. */
const gaps = (reports: readonly { readonly receivedAt: number }[], begun = 0): readonly number[] => {
  const times = reports.map(({ receivedAt }) => receivedAt).filter((time) => time >= begun);
  return times.slice(1).map((time, index) => time - (times[index] ?? 0));
};

test.concurrent("while requests come and go there is one report a second", async ({ lab }) => {
  const [engine, model] = [await lab.engine(), await lab.loadedModel()];
  const worker = await lab.worker({ engine, model });
  await eventually(() => expect(engine.totals.loadTimes).toHaveLength(1));
  const begun = Date.now() / 1000;
  const served = async (): Promise<void> => {
    while (Date.now() / 1000 < begun + 4.5) {
      await Promise.all([1, 2, 3].map((cost) => ask(engine, worker, { cost }).answer));
    }
  };
  await served();
  for (const gap of gaps(engine.reports, begun)) {
    expect(gap).toBeGreaterThan(0.9);
    expect(gap).toBeLessThan(2.5);
  }
  expect(gaps(engine.reports, begun).length).toBeGreaterThanOrEqual(2);
  const deliveries = new Set(engine.ended.map(({ receivedAt }) => receivedAt));
  expect(deliveries.size).toBeLessThanOrEqual(6);
});

test.concurrent("an idle worker reports every 10 s at the latest, and no more than that", async ({ lab }) => {
  const [engine, model] = [await lab.engine(), await lab.loadedModel()];
  await lab.worker({ engine, model });
  await eventually(() => expect(engine.totals.loadTimes).toHaveLength(1));
  const settled = engine.reports.length;
  await eventually(() => expect(engine.reports.length).toBeGreaterThan(settled), { timeoutMs: 15_000 });
  const [gap] = gaps(engine.reports.slice(settled - 1));
  expect(gap).toBeGreaterThan(5);
  // Half a second for a machine that is busy with other tests.
  expect(gap).toBeLessThan(10.5);
  expect(engine.reports.at(-1)).toMatchObject({ loadtime: 0, cur_load: 0, new_load: 0, max_perf: 1000 });
});

test.concurrent("the first report and each change of state come at once, in the middle of traffic too", async ({
  lab,
}) => {
  const [engine, model] = [await lab.engine(), await lab.model()];
  const worker = await lab.worker({ engine, model }, "loading");
  const toldWithin2s = async (expected: object): Promise<void> => {
    const begun = performance.now();
    await eventually(() => expect(engine.reports.at(-1)).toMatchObject(expected));
    expect(performance.now() - begun).toBeLessThan(2000);
  };
  await toldWithin2s({ max_perf: 0, loadtime: 0, error_msg: "", url: worker.url });
  expect(engine.workers).toMatchObject([{ state: "loading" }]);
  model.say(LOADED);
  await toldWithin2s({ max_perf: 1000, error_msg: "" });
  for (let round = 0; round < 3; round++) {
    await ask(engine, worker, { cost: 1 }).answer;
    model.say("CUDA error");
    await toldWithin2s({ error_msg: "CUDA error" });
    model.say(LOADED);
    await toldWithin2s({ error_msg: "" });
    await worker.reaches("ready");
  }
  expect(worker.states.filter((state) => state === "errored")).toHaveLength(3);
});

test.concurrent("the load time is told once, in the first report of the ready worker, and not again after an error", async ({
  lab,
}) => {
  const [engine, model] = [await lab.engine(), await lab.model()];
  const begun = Date.now();
  const worker = await lab.worker({ engine, model }, "loading");
  await eventually(() => expect(engine.reports).not.toEqual([]));
  model.say(LOADED);
  await worker.reaches("ready");
  await eventually(() => expect(engine.totals.loadTimes).toHaveLength(1));
  const ready = engine.reports.find(({ loadtime }) => loadtime > 0);
  expect(ready).toMatchObject({ error_msg: "", max_perf: 1000 });
  expect(ready?.loadtime).toBeLessThan((Date.now() - begun) / 1000);
  expect(ready?.loadtime).toBe(worker.lines.find(({ state }) => state === "ready")?.loadtime);

  model.say("CUDA error");
  await eventually(() => expect(engine.reports.at(-1)).toMatchObject({ error_msg: "CUDA error" }));
  model.say(LOADED);
  await eventually(() => expect(engine.reports.at(-1)).toMatchObject({ error_msg: "" }));
  await ask(engine, worker, { cost: 1 }).answer;
  await eventually(() => expect(engine.totals.servedLoad).toBe(1));
  expect(engine.totals.loadTimes).toHaveLength(1);
});

for (const outage of [{ kind: "status", status: 500 }, { kind: "refuse" }] as const) {
  test.concurrent(`the load time is told once when the first reports fail (${outage.kind})`, async ({
    lab,
  }) => {
    const [engine, model] = [await lab.engine(), await lab.loadedModel()];
    await engine.outage(outage);
    const worker = await lab.worker({ engine, model, env: { UNSECURED: "true" } });
    const loadtime = worker.lines.find(({ state }) => state === "ready")?.loadtime;
    await ask(engine, worker, { cost: 1 }).answer;
    const failed = () => worker.lines.filter(({ msg }) => msg === "report failed");
    await eventually(() => expect(failed().length).toBeGreaterThanOrEqual(2));
    await engine.recover();
    await ask(engine, worker, { cost: 1 }).answer;
    await eventually(() => expect(engine.totals.servedLoad).toBe(2), { timeoutMs: 8000 });
    await ask(engine, worker, { cost: 1 }).answer;
    await eventually(() => expect(engine.totals.servedLoad).toBe(3));
    expect(engine.totals.loadTimes).toEqual([loadtime]);
  });
}
