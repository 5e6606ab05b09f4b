import { once } from "node:events";
import { createServer } from "node:net";
import { networkInterfaces } from "node:os";
import { expect } from "vitest";
import { ask as callWorker } from "../../support/client.js";
import { type Cluster, type ClusterWorkerOptions, test } from "../../support/cluster.js";
import { eventually } from "../../support/eventually.js";
import { failed } from "../../support/failed-start.js";
import { freeNeighbours } from "../../support/free-port.js";
import { ask } from "../../support/http-client.js";
import { LOADED } from "../../support/logging-model.js";
import type { WorkerProcess } from "../../support/worker-process.js";

const LOCAL = ["/healthz", "/readyz", "/metrics"];

/** An address of this machine that others could reach it at; undefined where there is none. */
const outside = Object.values(networkInterfaces())
  .flatMap((addresses) => addresses ?? [])
  .find(({ family, internal }) => family === "IPv4" && !internal)?.address;

const get = (url: string) => ask(url, { method: "GET" });
const status = async (url: string): Promise<number> => (await get(url)).status;

/** The answer of the readiness probe. */
async function readiness(worker: WorkerProcess) {
  const reply = await get(`${worker.localUrl}/readyz`);
  return { status: reply.status, body: reply.json() };
}

/** Starts a worker that cannot start. @returns its error. */
async function failing(cluster: Cluster, options: Partial<ClusterWorkerOptions>): Promise<string> {
  const [engine, model] = [await cluster.engine(), await cluster.model()];
  const worker = await cluster.spawn({ engine, model, ...options });
  await failed(worker);
  return worker.text;
}

test.concurrent("without WORKER_HTTP_PORT it is the port after WORKER_PORT, on the loopback", async ({
  cluster,
}) => {
  const [engine, model, port] = [await cluster.engine(), await cluster.loadedModel(), await freeNeighbours()];
  await cluster.worker({ engine, model, env: { WORKER_PORT: `${port}`, WORKER_HTTP_PORT: undefined } });
  expect(await status(`http://127.0.0.1:${port + 1}/healthz`)).toBe(200);
});

test.skipIf(outside === undefined)(
  "it is not reachable from outside, unless WORKER_HTTP_HOST is set to allow it",
  async ({ cluster }) => {
    const [engine, model] = [await cluster.engine(), await cluster.loadedModel()];
    const [closed, open] = await Promise.all([
      cluster.worker({ engine, model }),
      cluster.worker({ engine, model, env: { WORKER_HTTP_HOST: "0.0.0.0" } }),
    ]);
    const fromOutside = (url: string): string => url.replace("127.0.0.1", String(outside));
    expect(await status(`${fromOutside(closed.url)}/no-such-route`)).toBe(404);
    await expect(get(`${fromOutside(closed.localUrl)}/healthz`)).rejects.toThrow("ECONNREFUSED");
    expect(await status(`${closed.localUrl}/healthz`)).toBe(200);
    expect(await status(`${fromOutside(open.localUrl)}/healthz`)).toBe(200);
    expect(await status(`${open.localUrl}/healthz`)).toBe(200);
  },
);

test.concurrent("/healthz shows that the process lives, in any state; /readyz shows whether it accepts requests", async ({
  cluster,
}) => {
  const [engine, model] = [await cluster.engine(), await cluster.model()];
  const worker = await cluster.worker({ engine, model }, "loading");
  const alive = async (): Promise<void> => {
    const reply = await get(`${worker.localUrl}/healthz`);
    expect({ status: reply.status, body: reply.json() }).toEqual({ status: 200, body: { ok: true } });
  };
  await alive();
  expect(await readiness(worker)).toEqual({ status: 503, body: { state: "loading" } });

  model.say(LOADED);
  await worker.reaches("ready");
  await alive();
  expect(await readiness(worker)).toEqual({ status: 200, body: { state: "ready" } });

  model.say("CUDA error");
  await worker.reaches("errored");
  await alive();
  expect(await readiness(worker)).toEqual({ status: 503, body: { state: "errored" } });

  model.say(LOADED);
  await worker.reaches("ready");
  expect(await readiness(worker)).toEqual({ status: 200, body: { state: "ready" } });

  const held = callWorker(engine, worker, { cost: 1, fate: "hold" });
  await eventually(() => expect(model.held).toBe(1));
  worker.child.kill("SIGTERM");
  await worker.reaches("draining");
  await alive();
  expect(await readiness(worker)).toEqual({ status: 503, body: { state: "draining" } });
  model.release();
  expect((await held.answer).status).toBe(200);
});

test.concurrent("/readyz is 503 while the model is measured, and while the engine's key is awaited", async ({
  cluster,
}) => {
  const [engine, slow, fast] = [
    await cluster.engine(),
    await cluster.loadedModel(),
    await cluster.loadedModel(),
  ];
  await engine.outage({ kind: "status", status: 500, paths: ["/pubkey/"] });
  slow.answerMs = 60_000;
  const [measured, keyless] = await Promise.all([
    cluster.worker({ engine, model: slow, capacity: null }, "benchmarking"),
    cluster.worker({ engine, model: fast }, "verifying"),
  ]);
  expect(await readiness(measured)).toEqual({ status: 503, body: { state: "benchmarking" } });
  expect(await readiness(keyless)).toEqual({ status: 503, body: { state: "verifying" } });
});

test.concurrent("they take GET and HEAD, and nothing else", async ({ cluster }) => {
  const [engine, model] = [await cluster.engine(), await cluster.loadedModel()];
  const worker = await cluster.worker({ engine, model });
  for (const path of LOCAL) {
    const head = await ask(worker.localUrl + path, { method: "HEAD" });
    expect({ path, status: head.status, length: head.body.length }).toEqual({ path, status: 200, length: 0 });
    expect(await status(`${worker.localUrl}${path}?verbose=1`)).toBe(200);
    for (const method of ["POST", "PUT", "DELETE"]) {
      const reply = await ask(worker.localUrl + path, { method });
      expect(reply).toMatchObject({ status: 405, headers: { allow: "GET, HEAD" } });
      expect(reply.json()).toEqual({ error: "this route takes GET" });
    }
  }
});

test.concurrent("each port serves its own routes only", async ({ cluster }) => {
  const [engine, model] = [await cluster.engine(), await cluster.loadedModel()];
  const worker = await cluster.worker({ engine, model });
  const body = { auth_data: engine.authData({ url: worker.url }), payload: { cost: 1 } };
  for (const path of ["/work", "/session/create", "/session/get", "/pyworker/update", "/"]) {
    const reply = await ask(worker.localUrl + path, { body });
    expect({ path, status: reply.status, body: reply.json() }).toEqual({
      path,
      status: 404,
      body: { error: "no such route" },
    });
  }
  for (const path of LOCAL)
    expect({ path, status: await status(worker.url + path) }).toEqual({ path, status: 404 });
  expect(model.payloads).toEqual([]);
  expect(engine.totals.requestsReceived).toBe(0);
  expect((await ask(`${worker.url}/work`, { body })).status).toBe(200);
});

test.concurrent("a second port that is taken: one error that names its variable, and no worker", async ({
  cluster,
  onTestFinished,
}) => {
  const taker = createServer().listen(0, "127.0.0.1");
  await once(taker, "listening");
  onTestFinished(() => void taker.close());
  const { port } = taker.address() as { port: number };
  const [engine, model] = [await cluster.engine(), await cluster.loadedModel()];
  const worker = await cluster.spawn({ engine, model, env: { WORKER_HTTP_PORT: `${port}` } });
  await eventually(() => expect(engine.reports[0]?.error_msg).toContain("WORKER_HTTP_PORT"));
  // The public port is not kept either.
  await expect(get(`${worker.url}/work`)).rejects.toThrow("ECONNREFUSED");
  await failed(worker);
  expect(worker.text).toContain("PORT_UNAVAILABLE");
  expect(worker.text).toContain(
    `cannot listen on port ${port} of 127.0.0.1: it is taken; choose another WORKER_HTTP_PORT or WORKER_HTTP_HOST`,
  );
  expect(worker.states).toEqual([]);
});

test.concurrent("an address that this machine does not have is reported as an error", async ({ cluster }) => {
  const text = await failing(cluster, { env: { WORKER_HTTP_HOST: "198.51.100.7" } });
  expect(text).toContain("of 198.51.100.7: this machine has no such address");
});

test.concurrent("two equal ports, or none after the last one, are environment errors", async ({
  cluster,
}) => {
  const [equal, last, noPort] = await Promise.all([
    failing(cluster, { env: { WORKER_PORT: "18000", WORKER_HTTP_PORT: "18000" } }),
    failing(cluster, { env: { WORKER_PORT: "65535", WORKER_HTTP_PORT: undefined } }),
    failing(cluster, { env: { WORKER_HTTP_PORT: "65536" } }),
  ]);
  for (const text of [equal, last, noPort]) {
    expect(text).toContain("ENVIRONMENT_INVALID");
    expect(text).toContain("the worker's environment has 1 error:");
  }
  expect(equal).toContain('WORKER_HTTP_PORT: expected another port than WORKER_PORT, got "18000"');
  expect(last).toContain(
    "WORKER_HTTP_PORT: expected a port, because WORKER_PORT + 1 is none, but it is not set",
  );
  expect(noPort).toContain('WORKER_HTTP_PORT: expected a port number from 1 to 65535, got "65536"');
});
