import { expect } from "vitest";
import { ask } from "../../support/client.js";
import { type Cluster, type ClusterWorkerOptions, test } from "../../support/cluster.js";
import { eventually } from "../../support/eventually.js";
import { failed } from "../../support/failed-start.js";
import { LOADED } from "../../support/logging-model.js";

const WITH_HEALTH = { modelHealthcheckUrl: "/health" };

/** Starts a worker that cannot start. @returns its error. */
async function failing(
  cluster: Cluster,
  config: NonNullable<ClusterWorkerOptions["config"]>,
): Promise<string> {
  const [engine, model] = [await cluster.engine(), await cluster.model()];
  const worker = await cluster.spawn({ engine, model, config });
  await failed(worker);
  expect(worker.text).toContain("CONFIG_INVALID");
  expect(worker.states).toEqual([]);
  return worker.text;
}

test.concurrent('"either": a health URL that answers 200 before the log speaks is enough', async ({
  cluster,
}) => {
  const [engine, model] = [await cluster.engine(), await cluster.model()];
  model.health = 503;
  const config = { ...WITH_HEALTH, readiness: "either" } as const;
  const worker = await cluster.worker({ engine, model, config, capacity: null }, "loading");
  await eventually(() => expect(model.probes).toBeGreaterThanOrEqual(2));
  expect(worker.states).toEqual(["loading"]);
  model.health = 200;
  await worker.reaches("ready");
  expect((await ask(engine, worker, { cost: 1 }).answer).status).toBe(200);

  // The line that comes later is no second start.
  const sent = model.payloads.length;
  model.say(LOADED);
  await eventually(() => expect(worker.lines.some(({ match }) => match === LOADED)).toBe(true));
  expect((await ask(engine, worker, { cost: 1 }).answer).status).toBe(200);
  expect(model.payloads).toHaveLength(sent + 1);
  expect(worker.states.filter((state) => state === "benchmarking" || state === "ready")).toHaveLength(2);
});

test.concurrent('"either": a line of the log before the health URL answers 200 starts the benchmark; ready is who is healthy', async ({
  cluster,
}) => {
  const [engine, model] = [await cluster.engine(), await cluster.model()];
  model.health = 503;
  const config = { ...WITH_HEALTH, readiness: "either" } as const;
  const worker = await cluster.worker({ engine, model, config, capacity: null }, "loading");
  model.say(LOADED);
  await worker.reaches("verifying");
  expect(model.payloads).toHaveLength(2);
  model.health = 200;
  await worker.reaches("ready");
  expect(model.payloads).toHaveLength(2);
});

test.concurrent('"health": lines of the log report errors, and nothing else', async ({ cluster }) => {
  const [engine, model] = [await cluster.engine(), await cluster.model()];
  model.health = 503;
  const config = { ...WITH_HEALTH, readiness: "health" } as const;
  const worker = await cluster.worker({ engine, model, config, capacity: null }, "loading");
  model.say(LOADED);
  await eventually(() => expect(worker.lines.some(({ match }) => match === LOADED)).toBe(true));
  const { probes } = model;
  await eventually(() => expect(model.probes).toBeGreaterThanOrEqual(probes + 2));
  expect(worker.states).toEqual(["loading"]);
  expect(model.payloads).toEqual([]);

  model.health = 200;
  await worker.reaches("ready");
  // A health URL that still answers 200 contradicts it.
  const before = model.probes;
  model.say("CUDA error");
  await eventually(() => expect(model.probes).toBeGreaterThanOrEqual(before + 2));
  expect(worker.states).not.toContain("errored");
  model.health = 500;
  model.say("CUDA error");
  await worker.reaches("errored");
  // One that does so again leads back.
  model.health = 200;
  await worker.reaches("ready");
});

test.concurrent('"log": the health URL is probed after the line of the log, and not before', async ({
  cluster,
}) => {
  const [engine, model] = [await cluster.engine(), await cluster.model()];
  const config = { ...WITH_HEALTH, readiness: "log" } as const;
  const worker = await cluster.worker({ engine, model, config }, "loading");
  await eventually(() => expect(engine.reports).not.toEqual([]));
  expect(model.probes).toBe(0);
  model.say(LOADED);
  await worker.reaches("ready");
  expect(model.probes).toBe(1);
});

test.concurrent("a readiness that can never come is a configuration error", async ({ cluster }) => {
  const unlogged = { modelLogFile: undefined, logActionConfig: undefined };
  const [log, either, health, eitherWithoutHealth, word] = await Promise.all([
    failing(cluster, { ...unlogged, readiness: "log" }),
    failing(cluster, { ...unlogged, ...WITH_HEALTH, readiness: "either" }),
    failing(cluster, { readiness: "health" }),
    failing(cluster, { readiness: "either" }),
    // @ts-expect-error: no such word
    failing(cluster, { readiness: "soon" }),
  ]);
  expect(log).toContain('logActionConfig.onLoad: expected lines to look for, because readiness is "log"');
  expect(either).toContain(
    'logActionConfig.onLoad: expected lines to look for, because readiness is "either"',
  );
  for (const [text, named] of [
    [health, "health"],
    [eitherWithoutHealth, "either"],
  ] as const) {
    expect(text).toContain(
      `readiness is "${named}", and that needs a health URL: expected modelHealthcheckUrl, or the variable ` +
        "MODEL_HEALTH_ENDPOINT",
    );
  }
  expect(word).toContain("readiness: ");
  expect(word).toContain("got 'soon'");
});
