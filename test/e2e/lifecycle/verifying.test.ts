import { createServer } from "node:http";
import { expect } from "vitest";
import { close, httpUrl, listen } from "../../../src/shared/listen.js";
import { ask } from "../../support/client.js";
import { test } from "../../support/cluster.js";
import { eventually } from "../../support/eventually.js";
import { LOADED } from "../../support/logging-model.js";

const KEY_FAILED = "Failed to get Serverless public key after all retry attempts";

// The model's health. It is probed every 10 s.

test.concurrent("with a health URL the worker is ready at its first 200 after the benchmark, not before", async ({
  cluster,
}) => {
  const [engine, model] = [await cluster.engine(), await cluster.model()];
  const config = { modelHealthcheckUrl: "/health" };
  const worker = await cluster.worker({ engine, model, config, capacity: null }, "loading");
  // Where the log decides that the model has loaded, its health does not count while it loads.
  model.health = 503;
  expect(model.probes).toBe(0);
  model.say(LOADED);
  await worker.reaches("verifying");
  expect(model.payloads).toHaveLength(2);
  await eventually(() => expect(model.probes).toBe(1));
  const { status } = await ask(engine, worker, { cost: 1 }).answer;
  expect(status).toBe(503);

  model.health = 200;
  await worker.reaches("ready");
  expect(model.probes).toBe(2);
  expect((await ask(engine, worker, { cost: 1 }).answer).status).toBe(200);
});

test.concurrent("a health check that fails: errored, reported, 503; one that succeeds: ready, nothing to report", async ({
  cluster,
}) => {
  const [engine, model] = [await cluster.engine(), await cluster.loadedModel()];
  const config = { modelHealthcheckUrl: `${model.url}/health`, healthcheck: { intervalMs: 200 } };
  const worker = await cluster.worker({ engine, model, config });
  expect((await ask(engine, worker, { cost: 1 }).answer).status).toBe(200);

  model.health = 500;
  await worker.reaches("errored");
  await eventually(() =>
    expect(engine.reports.at(-1)?.error_msg).toBe("health check failed with status 500"),
  );
  const refused = await ask(engine, worker, { cost: 1 }).answer;
  expect(refused).toMatchObject({ status: 503, body: { error: expect.any(String) } });
  expect(refused.retryAfter).toBeGreaterThan(0);

  model.health = 200;
  await worker.reaches("ready");
  await eventually(() => expect(engine.reports.at(-1)?.error_msg).toBe(""));
  expect((await ask(engine, worker, { cost: 1 }).answer).status).toBe(200);
});

test.concurrent("a failed benchmark is tried again when the health URL answers 200", async ({ cluster }) => {
  const [engine, model] = [await cluster.engine(), await cluster.loadedModel()];
  const config = { modelHealthcheckUrl: "/health" };
  model.status = 500;
  const worker = await cluster.worker({ engine, model, config, capacity: null }, "errored");
  model.status = 200;
  await worker.reaches("ready");
  await eventually(() => expect(engine.reports.at(-1)).toMatchObject({ error_msg: "" }));
  expect(engine.reports.at(-1)?.max_perf).toBeGreaterThan(0);
});

// The engine's public key. It is tried 5 times, with 1, 2, 4 and 8 s between, and every 10 s from then on.

test.concurrent("an engine that is down at first: ready as soon as a later try gets its key", async ({
  cluster,
}) => {
  const [engine, model] = [await cluster.engine(), await cluster.loadedModel()];
  await engine.outage({ kind: "refuse" });
  const worker = await cluster.worker({ engine, model }, "verifying");
  // Without the key no client can be verified.
  expect((await ask(engine, worker, { cost: 1 }).answer).status).toBe(401);
  await engine.recover();
  await worker.reaches("ready");
  expect((await ask(engine, worker, { cost: 1 }).answer).status).toBe(200);
  expect((await ask(engine, worker, { cost: 1 }, { authData: { signature: "c2ln" } }).answer).status).toBe(
    401,
  );
  // The engine was unreachable until now; then everything is reported to it, but no claim of an unverified client.
  await eventually(() =>
    expect(engine.totals).toMatchObject({
      newLoad: 1,
      rejectedLoad: 200,
      servedLoad: 1,
      requestsReceived: 1,
    }),
  );
});

test.concurrent("what is no key is no answer: the next try follows", async ({ cluster, onTestFinished }) => {
  const [engine, model] = [await cluster.engine(), await cluster.loadedModel()];
  let tries = 0;
  const server = createServer((request, response) => {
    request.resume();
    response.end(request.method === "GET" && tries++ > 0 ? engine.publicKey : "<html>moved</html>");
  });
  const url = httpUrl("127.0.0.1", await listen(server, "127.0.0.1", 0));
  onTestFinished(() => close(server));
  const worker = await cluster.worker({ engine, model, env: { REPORT_ADDR: url } });
  expect(tries).toBe(2);
  expect((await ask(engine, worker, { cost: 1 }).answer).status).toBe(200);
});

test.concurrent("no key after 5 tries: errored, which is reported to the engine when it is back; the tries continue", async ({
  cluster,
}) => {
  const [engine, model] = [await cluster.engine(), await cluster.loadedModel()];
  await engine.outage({ kind: "refuse" });
  const begun = performance.now();
  const worker = await cluster.worker({ engine, model }, "verifying");
  await worker.reaches("errored");
  expect(performance.now() - begun).toBeGreaterThan(15_000);

  await engine.outage({ kind: "status", status: 500, paths: ["/pubkey/"] });
  await eventually(() => expect(engine.reports.at(-1)?.error_msg).toBe(KEY_FAILED));
  await engine.recover();
  await worker.reaches("ready");
  await eventually(() => expect(engine.reports.at(-1)).toMatchObject({ error_msg: "", max_perf: 1000 }));
  expect(engine.totals.loadTimes).toHaveLength(1);
});

test.concurrent("a worker that lacks the key and whose model fails and recovers is ready with the key", async ({
  cluster,
}) => {
  const [engine, model] = [await cluster.engine(), await cluster.loadedModel()];
  await engine.outage({ kind: "status", status: 500, paths: ["/pubkey/"] });
  const worker = await cluster.worker({ engine, model }, "verifying");
  await eventually(() => expect(engine.reports.at(-1)?.error_msg).toBe(KEY_FAILED), { timeoutMs: 90_000 });
  model.say("CUDA error");
  await eventually(() => expect(engine.reports.at(-1)?.error_msg).toBe("CUDA error"));
  model.say(LOADED);
  // The model is well again; what is missing is the key, and that is what is reported.
  await eventually(() => expect(engine.reports.at(-1)?.error_msg).toBe(KEY_FAILED));
  await engine.recover();
  await worker.reaches("ready");
});

test.concurrent("an unsecured worker needs no key and takes unsigned requests", async ({ cluster }) => {
  const [engine, model] = [await cluster.engine(), await cluster.loadedModel()];
  await engine.outage({ kind: "status", status: 500, paths: ["/pubkey/"] });
  const worker = await cluster.worker({ engine, model, env: { UNSECURED: "Yes" } });
  const unsigned = { authData: { signature: "", url: "http://elsewhere" } };
  expect((await ask(engine, worker, { cost: 1 }, unsigned).answer).status).toBe(200);
});
