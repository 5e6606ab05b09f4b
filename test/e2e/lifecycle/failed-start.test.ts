import { once } from "node:events";
import { createServer } from "node:net";
import { expect } from "vitest";
import { VERSION } from "../../../src/shared/package-root.js";
import { type ClusterWorkerOptions, test } from "../../support/cluster.js";
import { eventually } from "../../support/eventually.js";
import { failed } from "../../support/failed-start.js";
import { freePort } from "../../support/free-port.js";
import type { WorkerProcess } from "../../support/worker-process.js";

const TOKEN = "the-master-token";
/** For a process that was only just started, beside others. */
const STARTS = { timeoutMs: 60_000 };

/** A worker that cannot start: its public port is nowhere to be reached. */
const withoutPublicPort = async (): Promise<NonNullable<ClusterWorkerOptions["env"]>> => {
  const port = await freePort();
  return { WORKER_PORT: `${port}`, [`VAST_TCP_PORT_${port}`]: undefined };
};

/** Waits until a process has ended by itself, and its whole output was read. */
const ends = (worker: WorkerProcess) =>
  eventually(() => worker.child.exitCode !== null && worker.child.stderr?.readableEnded === true, STARTS);

test.concurrent("it reports the reason to the engine at once, and again every 10 s, until a signal ends it with exit code 1", async ({
  cluster,
}) => {
  const [engine, model] = [await cluster.engine({ token: TOKEN }), await cluster.loadedModel()];
  const env = await withoutPublicPort();
  const worker = await cluster.spawn({ engine, model, env });
  const message = new RegExp(`VAST_TCP_PORT_${env.WORKER_PORT}: expected a port number .* but it is not set`);
  await eventually(() => expect(engine.reports).toHaveLength(1), STARTS);
  expect(engine.reports[0]).toEqual({
    receivedAt: expect.any(Number),
    id: 7,
    mtoken: TOKEN,
    version: VERSION,
    loadtime: 0,
    cur_load: 0,
    rej_load: 0,
    new_load: 0,
    error_msg: expect.stringMatching(message),
    max_perf: 0,
    cur_perf: 0,
    cur_capacity: 0,
    max_capacity: 0,
    num_requests_working: 0,
    num_requests_recieved: 0,
    additional_disk_usage: 0,
    working_request_idxs: [],
    url: "",
  });
  await eventually(() => expect(engine.reports).toHaveLength(2), { timeoutMs: 60_000 });
  const [first, second] = engine.reports;
  expect(second).toEqual({ ...first, receivedAt: expect.any(Number) });
  // The first may have been taken late.
  expect(Number(second?.receivedAt) - Number(first?.receivedAt)).toBeGreaterThan(5);
  // The engine routes no client there.
  expect(engine.workers).toMatchObject([{ id: 7, state: "error" }]);
  expect(worker.child.exitCode).toBeNull();
  expect(await worker.stop("SIGINT")).toBe(1);
});

test.concurrent("whatever the reason", async ({ cluster, onTestFinished }) => {
  const [engine, model] = [await cluster.engine(), await cluster.loadedModel()];
  const taker = createServer().listen(0);
  await once(taker, "listening");
  onTestFinished(() => void taker.close());
  const { port } = taker.address() as { port: number };
  const taken = { WORKER_PORT: `${port}` };
  const reasons: readonly (readonly [Partial<ClusterWorkerOptions>, string])[] = [
    [{ env: taken }, `cannot listen on port ${port}: it is taken; choose another WORKER_PORT`],
    // Found when it starts, because the environment may name the health URL.
    [{ config: { logActionConfig: undefined } }, "no sign of a loaded model is configured"],
    [{ env: { PUBLIC_IPADDR: "" } }, "PUBLIC_IPADDR: expected the worker's public address"],
  ];
  await Promise.all(
    reasons.map(async ([options, reason], index) => {
      const id = 100 + index;
      const env = { ...options.env, CONTAINER_ID: `${id}` };
      const worker = await cluster.spawn({ engine, model, ...options, env });
      await eventually(() => {
        const report = engine.reports.find((each) => each.id === id);
        expect(report?.error_msg).toContain(reason);
      }, STARTS);
      await failed(worker);
      expect(worker.text).toContain(reason);
      expect(worker.states).toEqual([]);
    }),
  );
  // One report each: a worker that is ended reports no more.
  expect(engine.reports).toHaveLength(reasons.length);
});

test.concurrent("it reports to the next address where the first one is down, and tries the first one again later", async ({
  cluster,
}) => {
  const [first, second, model] = [
    await cluster.engine(),
    await cluster.engine(),
    await cluster.loadedModel(),
  ];
  await first.outage({ kind: "refuse" });
  const env = await withoutPublicPort();
  const worker = await cluster.spawn({ engine: [first, second], model, env });
  await eventually(() => expect(second.reports).toHaveLength(1), STARTS);
  await first.recover();
  await eventually(() => expect(first.reports).toHaveLength(1), { timeoutMs: 60_000 });
  expect(first.reports[0]?.error_msg).toBe(second.reports[0]?.error_msg);
  expect(second.reports).toHaveLength(1);
  await failed(worker);
});

test.concurrent("an engine that does not answer does not keep it from ending", async ({ cluster }) => {
  const [engine, model] = [await cluster.engine(), await cluster.loadedModel()];
  await engine.outage({ kind: "hang" });
  const worker = await cluster.spawn({ engine, model, env: await withoutPublicPort() });
  await eventually(() => expect(engine.refused).toBe(1), STARTS);
  await failed(worker);
});

test.concurrent("without an engine or an id for the report, it ends at once", async ({ cluster }) => {
  const [engine, model] = [await cluster.engine(), await cluster.loadedModel()];
  for (const missing of ["CONTAINER_ID", "REPORT_ADDR"]) {
    for (const value of [undefined, ""]) {
      const env = { ...(await withoutPublicPort()), [missing]: value };
      const worker = await cluster.spawn({ engine, model, env });
      await ends(worker);
      expect(worker.child.exitCode).toBe(1);
      expect(worker.text).toContain(`VAST_TCP_PORT_${env.WORKER_PORT}`);
      expect(worker.text.match(/TsworkerError: /g)).toHaveLength(1);
    }
  }
  expect(engine.reports).toEqual([]);
});

test.concurrent("an invalid configuration ends it at once: nothing was started", async ({ cluster }) => {
  const [engine, model] = [await cluster.engine(), await cluster.loadedModel()];
  const worker = await cluster.spawn({ engine, model, config: { handlers: [] } });
  await ends(worker);
  expect(worker.child.exitCode).toBe(1);
  expect(worker.text).toContain("CONFIG_INVALID");
  expect(engine.reports).toEqual([]);
});

test.concurrent("its log has the error once, and holds no secret", async ({ cluster }) => {
  const [engine, model] = [await cluster.engine(), await cluster.loadedModel()];
  await engine.outage({ kind: "status", status: 401 });
  const env: ClusterWorkerOptions["env"] = {
    ...(await withoutPublicPort()),
    MASTER_TOKEN: TOKEN,
    REPORT_ADDR: `${engine.url}/elsewhere?api_key=the-api-key,${engine.url}`,
  };
  const worker = await cluster.spawn({ engine, model, env });
  await eventually(
    () => expect(worker.lines.filter(({ msg }) => msg === "report failed")).toHaveLength(2),
    STARTS,
  );
  await failed(worker);
  expect(worker.lines).toMatchObject([
    { level: 60, fault: expect.stringContaining(`VAST_TCP_PORT_${env?.WORKER_PORT}`) },
    { level: 40, msg: "report failed", fault: expect.stringContaining("answered 401") },
    { level: 40, msg: "report failed", fault: expect.stringContaining("answered 401") },
  ]);
  const all = worker.text + JSON.stringify(worker.lines);
  for (const secret of [TOKEN, "the-api-key"]) expect(all).not.toContain(secret);
});
