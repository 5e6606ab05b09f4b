import { expect } from "vitest";
import { ask } from "../../support/client.js";
import { eventually } from "../../support/eventually.js";
import { test } from "../../support/lab.js";
import { LOADED } from "../../support/logging-model.js";

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
