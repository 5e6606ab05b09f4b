import { expect } from "vitest";
import type { Engine } from "../../../src/engine/index.js";
import { ask } from "../../support/client.js";
import { type Cluster, type ClusterWorkerOptions, test } from "../../support/cluster.js";
import { eventually } from "../../support/eventually.js";
import { LOADED, type LoggingModel } from "../../support/logging-model.js";
import type { WorkerProcess } from "../../support/worker-process.js";

/** A prompt, as a model server writes it that logs requests. */
const PROMPT = 'Received request cmpl-1: prompt: "what is this?\\nCUDA error: out of memory", params: (n=1)';

const HEALTH = {
  modelHealthcheckUrl: "/health",
  healthcheck: { intervalMs: 100, failureThreshold: 3 },
} satisfies ClusterWorkerOptions["config"];

const DISMISSED = "a line of the model's log looks like a failure, but the model's health URL answers 200";
const dismissed = (worker: WorkerProcess) => worker.lines.filter(({ msg }) => msg === DISMISSED);

const metric = async ({ localUrl }: WorkerProcess): Promise<string | undefined> =>
  /^tsworker_dismissed_error_lines_total (\d+)$/m.exec(
    await (await fetch(`${localUrl}/metrics`)).text(),
  )?.[1];

const errorMessages = (engine: Engine): readonly string[] => [
  ...new Set(engine.reports.map(({ error_msg }) => error_msg)),
];

async function served(engine: Engine, worker: WorkerProcess): Promise<void> {
  expect((await ask(engine, worker, { cost: 1 }).answer).status).toBe(200);
}

async function started(cluster: Cluster, config: ClusterWorkerOptions["config"], model?: LoggingModel) {
  const [engine, itsModel] = [await cluster.engine(), model ?? (await cluster.loadedModel())];
  const worker = await cluster.worker({ engine, model: itsModel, ...(config && { config }) });
  return { engine, model: itsModel, worker };
}

test.concurrent("a prompt in the log that looks like a failure: the health URL contradicts it, and the worker stays", async ({
  cluster,
}) => {
  const { engine, model, worker } = await started(cluster, HEALTH);
  model.say(PROMPT, PROMPT, PROMPT);
  await eventually(() => expect(dismissed(worker)).toMatchObject([{ level: 40, line: PROMPT }]));
  expect(await metric(worker)).toBe("1");
  await served(engine, worker);
  expect(worker.states).not.toContain("errored");
  expect(errorMessages(engine)).toEqual([""]);
});

test.concurrent("a failure in the log that the health URL confirms: errored with the whole line", async ({
  cluster,
}) => {
  const { engine, model, worker } = await started(cluster, {
    ...HEALTH,
    // So long that it is not a regular probe of the health URL that finds it.
    healthcheck: { intervalMs: 60_000 },
  });
  model.health = 500;
  model.say("  [rank0]: CUDA error: an illegal memory access was encountered  ");
  await worker.reaches("errored");
  await eventually(() =>
    expect(engine.reports.at(-1)?.error_msg).toBe(
      "[rank0]: CUDA error: an illegal memory access was encountered",
    ),
  );
  expect(await metric(worker)).toBe("0");
});

test.concurrent("a model that dies after its last log line is noticed at the second look", async ({
  cluster,
}) => {
  const { engine, model, worker } = await started(cluster, {
    ...HEALTH,
    healthcheck: { intervalMs: 3000, failureThreshold: 100 },
  });
  const { probes } = model;
  model.say(PROMPT);
  await eventually(() => expect(model.probes).toBeGreaterThan(probes));
  model.health = 500;
  await worker.reaches("errored");
  await eventually(() => expect(engine.reports.at(-1)?.error_msg).toBe(PROMPT.slice(0, 200)));
});

for (const [what, config] of [
  ["with a health URL", HEALTH],
  ["without one", undefined],
] as const) {
  test.concurrent(`a worker that takes the place of another one reads the same log, and is ready, ${what}`, async ({
    cluster,
  }) => {
    const model = await cluster.model();
    model.say("CUDA error: at the first start", LOADED, PROMPT, "CUDA error: once more");
    const { engine, worker } = await started(cluster, config, model);
    await served(engine, worker);
    // What comes after its start counts.
    model.health = 500;
    model.say("CUDA error: now");
    await worker.reaches("errored");
    expect(worker.states.filter((state) => state === "errored")).toHaveLength(1);
  });
}

test.concurrent("an old failure with nothing behind it makes the worker errored, until the log shows that the model has loaded", async ({
  cluster,
}) => {
  const [engine, model] = [await cluster.engine(), await cluster.model()];
  model.say("CUDA error: no device");
  const worker = await cluster.worker({ engine, model }, "errored");
  await eventually(() => expect(engine.reports.at(-1)?.error_msg).toBe("CUDA error"));
  model.say(LOADED);
  await worker.reaches("ready");
  await eventually(() => expect(engine.reports.at(-1)?.error_msg).toBe(""));
});

test.concurrent("a wrong failure while the model loads does not end that for ever", async ({ cluster }) => {
  const [engine, model] = [await cluster.engine(), await cluster.model()];
  model.health = 503;
  const config = { ...HEALTH, readiness: "health" } as const;
  const worker = await cluster.worker({ engine, model, config }, "loading");
  model.say("CUDA error: fallback to another kernel");
  await worker.reaches("errored");
  model.health = 200;
  await worker.reaches("ready");
  await eventually(() => expect(engine.reports.at(-1)?.error_msg).toBe(""));
});

test.concurrent("without a health URL a failure counts, and a request that was running and succeeds leads back", async ({
  cluster,
}) => {
  const { engine, model, worker } = await started(cluster, undefined);
  const running = ask(engine, worker, { cost: 1, fate: "hold" });
  await eventually(() => expect(model.held).toBe(1));
  model.say(PROMPT);
  await worker.reaches("errored");
  await eventually(() => expect(engine.reports.at(-1)?.error_msg).toBe("CUDA error"));
  expect((await ask(engine, worker, { cost: 1 }).answer).status).toBe(503);
  model.release();
  expect((await running.answer).status).toBe(200);
  await worker.reaches("ready");
  await eventually(() => expect(engine.reports.at(-1)?.error_msg).toBe(""));
  await served(engine, worker);
});

test.concurrent("a request that fails does not", async ({ cluster }) => {
  const { engine, model, worker } = await started(cluster, undefined);
  const running = ask(engine, worker, { cost: 1, fate: "hold" });
  await eventually(() => expect(model.held).toBe(1));
  model.say("CUDA error: out of memory");
  await worker.reaches("errored");
  model.status = 500;
  model.release();
  expect((await running.answer).status).toBe(500);
  model.say(LOADED);
  await worker.reaches("ready");
  // Led back by the line, and by nothing before it.
  expect(worker.states.filter((state) => state === "ready")).toHaveLength(2);
});
