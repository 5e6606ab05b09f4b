import { expect } from "vitest";
import { ask } from "../../support/client.js";
import { test } from "../../support/cluster.js";
import { eventually } from "../../support/eventually.js";
import { LOADED } from "../../support/logging-model.js";

test.concurrent("an onError line: errored with the matched substring; a later onLoad line leads back", async ({
  cluster,
}) => {
  const [engine, model] = [await cluster.engine(), await cluster.loadedModel()];
  const worker = await cluster.worker({ engine, model, capacity: null });
  const benchmarked = model.payloads.length;
  const capacity = worker.lines.find(({ state }) => state === "ready")?.maxPerf;
  expect(capacity).toBeGreaterThan(0);

  model.say("[rank0]: torch.OutOfMemoryError: CUDA error: out of memory");
  await worker.reaches("errored");
  await eventually(() => expect(engine.reports.at(-1)?.error_msg).toBe("CUDA error"));
  expect((await ask(engine, worker, { cost: 1 }).answer).status).toBe(503);

  // The model was restarted: its capacity is known.
  model.say("INFO starting", LOADED);
  await worker.reaches("ready");
  await eventually(() => expect(engine.reports.at(-1)).toMatchObject({ error_msg: "", max_perf: capacity }));
  expect(model.payloads).toHaveLength(benchmarked);
  expect((await ask(engine, worker, { cost: 1 }).answer).status).toBe(200);
  expect(engine.totals.loadTimes).toHaveLength(1);
});

test.concurrent("an onError line while the model loads, and one during the benchmark", async ({
  cluster,
}) => {
  const [engine, model] = [await cluster.engine(), await cluster.model()];
  const worker = await cluster.worker({ engine, model, capacity: null }, "loading");
  model.say("CUDA error: no device");
  await worker.reaches("errored");
  await eventually(() =>
    expect(engine.reports.at(-1)).toMatchObject({ error_msg: "CUDA error", max_perf: 0 }),
  );

  model.answerMs = 60_000;
  model.say(LOADED);
  await worker.reaches("benchmarking");
  await eventually(() => expect(model.open).toBe(1));
  model.say("CUDA error: again");
  await worker.reaches("errored");
  // The benchmark is over: its request was taken back.
  await eventually(() => expect(model.open).toBe(0));

  model.answerMs = 0;
  model.say(LOADED);
  await worker.reaches("ready");
  await eventually(() => expect(engine.reports.at(-1)).toMatchObject({ error_msg: "" }));
  expect(engine.reports.at(-1)?.max_perf).toBeGreaterThan(0);
});

test.concurrent("a model that fails and recovers again and again", async ({ cluster }) => {
  const [engine, model] = [await cluster.engine(), await cluster.loadedModel()];
  const worker = await cluster.worker({ engine, model });
  for (let round = 1; round <= 10; round++) {
    // An errored model that reports another error stays errored; a loaded one that logs it again stays ready.
    model.say("CUDA error", "CUDA error", LOADED, LOADED);
    await eventually(() =>
      expect(worker.states.filter((state) => state === "ready" || state === "errored")).toHaveLength(
        1 + 2 * round,
      ),
    );
    await worker.reaches("ready");
  }
  expect((await ask(engine, worker, { cost: 1 }).answer).status).toBe(200);
  await eventually(() => expect(engine.reports.at(-1)).toMatchObject({ error_msg: "" }));
});

test.concurrent("requests that were admitted before the error run to their end", async ({ cluster }) => {
  const [engine, model] = [await cluster.engine(), await cluster.loadedModel()];
  const worker = await cluster.worker({ engine, model });
  const running = ask(engine, worker, { cost: 1, fate: "hold" });
  await eventually(() => expect(model.held).toBe(1));
  const waiting = ask(engine, worker, { cost: 2 });
  await eventually(() => expect(engine.reports.at(-1)?.cur_load).toBe(3));
  model.say("CUDA error");
  await worker.reaches("errored");
  expect((await ask(engine, worker, { cost: 4 }).answer).status).toBe(503);
  model.release();
  expect((await running.answer).status).toBe(200);
  expect((await waiting.answer).status).toBe(200);
  await eventually(() =>
    expect(engine.totals).toMatchObject({ newLoad: 3, servedLoad: 3, rejectedLoad: 4, requestsReceived: 3 }),
  );
});
