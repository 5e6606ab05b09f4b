import { expect } from "vitest";
import { ask } from "../../support/client.js";
import { test, WORK } from "../../support/cluster.js";
import { eventually } from "../../support/eventually.js";

const withoutLog = { modelLogFile: undefined, logActionConfig: undefined };

test.concurrent("without a log the health URL decides when the model has loaded", async ({ cluster }) => {
  const [engine, model] = [await cluster.engine(), await cluster.model()];
  model.health = 503;
  const config = { ...withoutLog, modelHealthcheckUrl: "/health" };
  const worker = await cluster.worker({ engine, model, config, capacity: null }, "loading");
  // Probed every second, so that a model that is there is soon noticed.
  await eventually(() => expect(model.probes).toBeGreaterThanOrEqual(2));
  expect(worker.states).toEqual(["loading"]);
  expect(model.payloads).toEqual([]);
  model.health = 200;
  // Less than the 10 s between the probes of a model that has loaded.
  await worker.reaches("ready", 9000);
  expect(model.payloads).toHaveLength(2);
  expect((await ask(engine, worker, { cost: 1 }).answer).status).toBe(200);
});

test.concurrent("MODEL_HEALTH_ENDPOINT names the health URL where the configuration names none", async ({
  cluster,
}) => {
  const [engine, model, other] = [await cluster.engine(), await cluster.model(), await cluster.model()];
  await Promise.all([
    cluster.worker({ engine, model, config: withoutLog, env: { MODEL_HEALTH_ENDPOINT: "/health" } }),
    cluster.worker({
      engine,
      model,
      config: { ...withoutLog, modelHealthcheckUrl: "/health" },
      env: { MODEL_HEALTH_ENDPOINT: `${other.url}/health` },
    }),
  ]);
  expect(model.probes).toBeGreaterThanOrEqual(2 * 2);
  expect(other.probes).toBe(0);
});

test.concurrent("a worker without a model server is ready by itself", async ({ cluster }) => {
  const [engine, model] = [await cluster.engine(), await cluster.model()];
  const config = {
    ...withoutLog,
    modelServerUrl: undefined,
    handlers: [{ ...WORK, remoteFunction: "echo" }],
  } as const;
  const worker = await cluster.worker({ engine, model, config, capacity: null });
  const { status, body } = await ask(engine, worker, { cost: 1 }).answer;
  expect({ status, body }).toEqual({ status: 200, body: { result: { cost: 1 } } });
});
