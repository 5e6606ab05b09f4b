import { expect } from "vitest";
import { ask } from "../../support/client.js";
import { type Cluster, type ClusterWorkerOptions, test } from "../../support/cluster.js";
import { eventually } from "../../support/eventually.js";
import { LoggingModel } from "../../support/logging-model.js";

const healthcheck = { intervalMs: 100, timeoutMs: 200, failureThreshold: 3 };

async function serving(cluster: Cluster, config: NonNullable<ClusterWorkerOptions["config"]> = {}) {
  const [engine, model] = [await cluster.engine(), await cluster.loadedModel()];
  const worker = await cluster.worker({ engine, model, config });
  return { engine, model, worker };
}

const HEALTH = { modelHealthcheckUrl: "/health", healthcheck };

test.concurrent("a health URL that gives no answer while requests are answered is no failure", async ({
  cluster,
}) => {
  const { engine, model, worker } = await serving(cluster, HEALTH);
  model.isBusy = true;
  const { probes } = model;
  await eventually(async () => {
    expect((await ask(engine, worker, { cost: 1 }).answer).status).toBe(200);
    expect(model.probes).toBeGreaterThan(probes + 8);
  });
  expect(worker.states).not.toContain("errored");
});

test.concurrent("one that gives none while nothing is answered is: errored, and ready again with the next 200", async ({
  cluster,
}) => {
  const { engine, model, worker } = await serving(cluster, HEALTH);
  model.isBusy = true;
  const { probes } = model;
  await worker.reaches("errored");
  expect(model.probes).toBeGreaterThanOrEqual(probes + 2);
  const message = `health check failed: ${new URL(model.url).host}: no answer within 0.2 s`;
  await eventually(() => expect(engine.reports.at(-1)?.error_msg).toBe(message));
  model.isBusy = false;
  await worker.reaches("ready");
  await eventually(() => expect(engine.reports.at(-1)?.error_msg).toBe(""));
});

test.concurrent("two failures in a row are none, three are one", async ({ cluster }) => {
  const { model, worker } = await serving(cluster, {
    ...HEALTH,
    healthcheck: { ...healthcheck, intervalMs: 500 },
  });
  const { probes } = model;
  model.unhealthyAnswers = 2;
  await eventually(() => expect(model.probes).toBeGreaterThan(probes + 4));
  expect(worker.states).not.toContain("errored");
  model.unhealthyAnswers = 3;
  await worker.reaches("errored");
});

test.concurrent("a model that has exited: errored at once, at any interval, when a request fails on it", async ({
  cluster,
}) => {
  const { engine, model, worker } = await serving(cluster, {
    ...HEALTH,
    healthcheck: { intervalMs: 600_000 },
  });
  await model.stop();
  expect((await ask(engine, worker, { cost: 1 }).answer).status).toBe(502);
  await worker.reaches("errored");
  const message = `health check failed: ${new URL(model.url).host}: connection refused`;
  await eventually(() => expect(engine.reports.at(-1)?.error_msg).toBe(message));
});

test.concurrent("a model that has exited, without a health URL: errored with the reason, and ready when it listens again", async ({
  cluster,
}) => {
  const { engine, model, worker } = await serving(cluster, { healthcheck });
  const { host, port } = new URL(model.url);
  await model.stop();
  await eventually(async () => {
    expect((await ask(engine, worker, { cost: 1 }).answer).status).toBe(503);
  });
  await worker.reaches("errored");
  const message = `the model at ${host} accepts no connections: connection refused`;
  await eventually(() => expect(engine.reports.at(-1)?.error_msg).toBe(message));
  const again = new LoggingModel(model.logFile);
  await again.start(Number(port));
  await worker.reaches("ready");
  expect((await ask(engine, worker, { cost: 1 }).answer).status).toBe(200);
  await eventually(() => expect(engine.reports.at(-1)?.error_msg).toBe(""));
  expect(worker.states.filter((state) => state === "errored")).toHaveLength(1);
  await again.stop();
});

test.concurrent("requests that the model breaks off do not make the worker errored", async ({ cluster }) => {
  const { engine, worker } = await serving(cluster, { healthcheck });
  for (let times = 0; times < 20; times++) {
    expect((await ask(engine, worker, { cost: 1, fate: "break" }).answer).status).toBe(502);
  }
  expect((await ask(engine, worker, { cost: 1 }).answer).status).toBe(200);
  expect(worker.states).not.toContain("errored");
});

test.concurrent("after 5 s of waiting, log, /readyz and refusals have the reason", async ({ cluster }) => {
  const [engine, model] = [await cluster.engine(), await cluster.model()];
  const { host } = new URL(model.url);
  await model.stop();
  const config = { modelHealthcheckUrl: "/health", readiness: "health" } as const;
  const worker = await cluster.worker({ engine, model, config }, "loading");
  const waitsFor = `${host}: connection refused`;
  await eventually(() =>
    expect(worker.lines).toContainEqual(expect.objectContaining({ msg: `waits for ${waitsFor}` })),
  );
  const probe = await fetch(`${worker.localUrl}/readyz`);
  expect({ status: probe.status, body: await probe.json() }).toEqual({
    status: 503,
    body: { state: "loading", waitsFor },
  });
  expect((await ask(engine, worker, { cost: 1 }).answer).body).toEqual({
    error: `the worker is loading: it waits for ${waitsFor}`,
  });
});

test.concurrent("where the log decides that the model has loaded, what is missing is the file, the line or the port", async ({
  cluster,
}) => {
  const [engine, model] = [await cluster.engine(), await cluster.model()];
  const worker = await cluster.worker({ engine, model }, "loading");
  await eventually(() =>
    expect(worker.lines).toContainEqual(
      expect.objectContaining({ msg: `waits for ${model.logFile}: no such file` }),
    ),
  );
});
