import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { Engine, ProcessProvider } from "../../../src/engine/index.js";
import { tsworker } from "../../support/command-line.js";
import { eventually } from "../../support/eventually.js";
import { freePort } from "../../support/free-port.js";
import { complete, inState, SLOW, temporaryFolder } from "../../support/process-engine.js";
import { SIMULATED_WORKER } from "../../support/simulated-worker.js";
import { ask, post, startedEngine } from "../../support/started-engine.js";
import { workerStatus } from "../../support/worker-status.js";

/** An engine with a state file, whose key comes from there. */
async function engineWith(state: string, more: Partial<ConstructorParameters<typeof Engine>[0]> = {}) {
  const engine = new Engine({ endpoint: "endpoint", apiKey: "key", state, ...more });
  onTestFinished(() => engine.stop());
  const notices: string[] = [];
  engine.on("notice", (notice) => notices.push(notice));
  await engine.start();
  return { engine, notices };
}

test("endpoints, groups, keys, counters and workers outlive the engine", async () => {
  const state = join(await temporaryFolder(), "state.json");
  const port = await freePort();
  const first = (await engineWith(state, { port })).engine;
  await post(first, "/worker_status/", workerStatus({ id: 7 }));
  const asking = { endpoint: "endpoint", api_key: "key" };
  const { request_idx } = await ask<{ request_idx: number }>(first, "/route/", asking);
  const web = (engine: Engine, path: string, body?: unknown) =>
    fetch(`${engine.url}/api/v0${path}?api_key=key`, {
      headers: { connection: "close", "content-type": "application/json" },
      ...(body !== undefined && { method: "POST", body: JSON.stringify(body) }),
    }).then((response) => response.json());
  await web(first, "/endptjobs/", { endpoint_name: "other", min_load: 7 });
  await web(first, "/workergroups/", { endpoint_name: "other", template_hash: "abc" });
  const known = [await web(first, "/endptjobs/"), await web(first, "/workergroups/"), first.publicKey];
  await first.stop();

  const second = (await engineWith(state, { port })).engine;
  expect([await web(second, "/endptjobs/"), await web(second, "/workergroups/"), second.publicKey]).toEqual(
    known,
  );
  expect(second.workers).toMatchObject([{ id: 7, url: workerStatus().url, state: "idle" }]);
  const next = await ask<{ request_idx: number; url?: string }>(second, "/route/", asking);
  expect(next).toMatchObject({ request_idx: request_idx + 1, url: workerStatus().url });
});

test("the state of an engine is readable after it has stopped, and it continues from there", async () => {
  const engine = await startedEngine();
  await post(engine, "/worker_status/", workerStatus({ id: 7 }));
  const { url } = engine;
  await engine.stop();
  expect(engine.workers).toMatchObject([{ id: 7, state: "idle" }]);
  expect(await engine.start()).toBe(url);
  expect(await ask(engine, "/route/", { endpoint: "endpoint", api_key: "key" })).toMatchObject({
    url: workerStatus().url,
  });
});

test("a damaged file is set aside, and the engine starts afresh", async () => {
  const state = join(await temporaryFolder(), "state.json");
  await writeFile(state, '{"version":1,"endpoints":[');
  const { engine, notices } = await engineWith(state);
  await eventually(() => expect(notices).toEqual([expect.stringContaining("the engine starts afresh")]));
  expect(engine.workers).toEqual([]);
  expect(JSON.parse(await readFile(state, "utf8"))).toMatchObject({
    version: 1,
    endpoints: [{ name: "endpoint" }],
  });
});

test("a file that cannot be written is an error of the start", async () => {
  const engine = new Engine({ endpoint: "e", apiKey: "k", state: "/nowhere/state.json" });
  onTestFinished(() => engine.stop());
  await expect(engine.start()).rejects.toMatchObject({ code: "STATE_UNAVAILABLE" });
});

test("worker processes that were stopped with the engine are started with it", async () => {
  const folder = await temporaryFolder();
  const options = {
    provider: new ProcessProvider({ command: SIMULATED_WORKER, folder, graceSeconds: 10 }),
    scaling: { max_workers: 1, cold_workers: 1, min_load: 1, cold_mult: 1 },
    port: await freePort(),
  };
  const state = join(folder, "state.json");
  const first = (await engineWith(state, options)).engine;
  await eventually(() => expect(inState(first, "idle")).toHaveLength(1), SLOW);
  const [before] = first.workers;
  await first.stop();
  await expect(fetch(`${before?.url}/health`)).rejects.toThrow("fetch failed");

  const second = (await engineWith(state, options)).engine;
  await eventually(() => expect(inState(second, "idle")).toHaveLength(1), SLOW);
  expect(second.workers).toMatchObject([{ id: before?.id, capacity: before?.capacity }]);
  await complete(second);
});

test("a worker process that outlived a killed engine is found again", async () => {
  const folder = await temporaryFolder();
  const port = String(await freePort());
  const start = () =>
    tsworker(
      ...["engine", "--endpoint", "endpoint", "--api-key", "key", "--port", port, "--provider", "process"],
      ...["--max-workers", "1", "--min-workers", "1", "--cold-mult", "1"],
      ...["--state", join(folder, "state.json"), "--worker-folder", folder],
    );
  const url = `http://127.0.0.1:${port}`;
  const workers = async (): Promise<readonly { readonly id: number; readonly status: string }[]> => {
    const asking = {
      method: "POST",
      headers: { connection: "close", "content-type": "application/json" },
      body: '{"id":1,"api_key":"key"}',
    };
    return (await (await fetch(`${url}/get_endpoint_workers/`, asking)).json()) as never;
  };
  const rememberedProcess = async (): Promise<number> => {
    const { workers: remembered } = JSON.parse(await readFile(join(folder, "state.json"), "utf8"));
    return Number(remembered[0].memo.pid);
  };
  const first = start();
  await eventually(async () => expect(await workers()).toMatchObject([{ id: 1, status: "idle" }]), SLOW);
  const pid = await eventually(rememberedProcess, SLOW);
  onTestFinished(() => {
    try {
      process.kill(pid, "SIGKILL");
    } catch {
      // It has ended, as it should.
    }
  });
  first.signal("SIGKILL");
  await first.exitCode;

  const second = start();
  await eventually(async () => expect(await workers()).toMatchObject([{ id: 1, status: "idle" }]), SLOW);
  expect(await rememberedProcess()).toBe(pid);
  second.signal("SIGTERM");
  expect(await second.exitCode).toBe(0);
  await eventually(() => expect(() => process.kill(pid, 0)).toThrow("ESRCH"));
  expect(second.stdout()).toMatch(/worker +1 of endpoint {2}starting/);
});
