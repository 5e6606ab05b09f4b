import { expect } from "vitest";
import { ask } from "../../support/client.js";
import { test } from "../../support/cluster.js";
import { eventually } from "../../support/eventually.js";
import { LOADED } from "../../support/logging-model.js";

/** Seconds between two reports in a row. */
const gaps = (reports: readonly { readonly receivedAt: number }[]): readonly number[] => {
  const times = reports.map(({ receivedAt }) => receivedAt);
  return times.slice(1).map((time, index) => time - (times[index] ?? 0));
};

test.concurrent("while requests come and go there is one report a second", async ({ cluster }) => {
  const [engine, model] = [await cluster.engine(), await cluster.loadedModel()];
  const worker = await cluster.worker({ engine, model });
  await eventually(() => expect(engine.totals.loadTimes).toHaveLength(1));
  const begun = Date.now() / 1000;
  const reports = () => engine.reports.filter(({ receivedAt }) => receivedAt >= begun).length;
  // An idle worker would take a minute for these.
  const deadline = begun + 30;
  while (reports() < 5 && Date.now() / 1000 < deadline) {
    await Promise.all([1, 2, 3].map((cost) => ask(engine, worker, { cost }).answer));
  }
  expect(reports()).toBeGreaterThanOrEqual(5);
  // One more at each end, and one that was taken late; there were hundreds of requests.
  const most = Date.now() / 1000 - begun + 3;
  expect(reports()).toBeLessThanOrEqual(most);
  const deliveries = new Set(engine.ended.map(({ receivedAt }) => receivedAt));
  expect(deliveries.size).toBeLessThanOrEqual(most);
});

test.concurrent("an idle worker reports every 10 s at the latest, and no more than that", async ({
  cluster,
}) => {
  const [engine, model] = [await cluster.engine(), await cluster.loadedModel()];
  await cluster.worker({ engine, model });
  await eventually(() => expect(engine.totals.loadTimes).toHaveLength(1));
  const settled = engine.reports.length;
  await eventually(() => expect(engine.reports.length).toBeGreaterThan(settled));
  const [gap] = gaps(engine.reports.slice(settled - 1));
  expect(gap).toBeGreaterThan(5);
  // Some seconds for a machine that is busy with other tests; it is 10 s, or never.
  expect(gap).toBeLessThan(20);
  expect(engine.reports.at(-1)).toMatchObject({ loadtime: 0, cur_load: 0, new_load: 0, max_perf: 1000 });
});

test.concurrent("the first report and each change of state come at once, in the middle of traffic too", async ({
  cluster,
}) => {
  const [engine, model] = [await cluster.engine(), await cluster.model()];
  const worker = await cluster.worker({ engine, model }, "loading");
  const reportedAtOnce = async (expected: object): Promise<void> => {
    const begun = performance.now();
    await eventually(() => expect(engine.reports.at(-1)).toMatchObject(expected));
    // An idle worker reports after 10 s anyway.
    expect(performance.now() - begun).toBeLessThan(8000);
  };
  await reportedAtOnce({ max_perf: 0, loadtime: 0, error_msg: "", url: worker.url });
  expect(engine.workers).toMatchObject([{ state: "loading" }]);
  model.say(LOADED);
  await reportedAtOnce({ max_perf: 1000, error_msg: "" });
  for (let round = 0; round < 3; round++) {
    await ask(engine, worker, { cost: 1 }).answer;
    model.say("CUDA error");
    await reportedAtOnce({ error_msg: "CUDA error" });
    model.say(LOADED);
    await reportedAtOnce({ error_msg: "" });
    await worker.reaches("ready");
  }
  expect(worker.states.filter((state) => state === "errored")).toHaveLength(3);
});

test.concurrent("the load time is reported once, in the first report of the ready worker, and not again after an error", async ({
  cluster,
}) => {
  const [engine, model] = [await cluster.engine(), await cluster.model()];
  const begun = Date.now();
  const worker = await cluster.worker({ engine, model }, "loading");
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
  test.concurrent(`the load time is reported once when the first reports fail (${outage.kind})`, async ({
    cluster,
  }) => {
    const [engine, model] = [await cluster.engine(), await cluster.loadedModel()];
    await engine.outage(outage);
    const worker = await cluster.worker({ engine, model, env: { UNSECURED: "true" } });
    const loadtime = worker.lines.find(({ state }) => state === "ready")?.loadtime;
    await ask(engine, worker, { cost: 1 }).answer;
    const failed = () => worker.lines.filter(({ msg }) => msg === "report failed");
    await eventually(() => expect(failed().length).toBeGreaterThanOrEqual(2));
    await engine.recover();
    await ask(engine, worker, { cost: 1 }).answer;
    await eventually(() => expect(engine.totals.servedLoad).toBe(2));
    await ask(engine, worker, { cost: 1 }).answer;
    await eventually(() => expect(engine.totals.servedLoad).toBe(3));
    expect(engine.totals.loadTimes).toEqual([loadtime]);
  });
}
