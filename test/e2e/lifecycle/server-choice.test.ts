import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { promisify } from "node:util";
import { expect } from "vitest";
import { type Cluster, test } from "../../support/cluster.js";
import { failed } from "../../support/failed-start.js";
import { ask } from "../../support/http-client.js";
import { hasUws } from "../../support/served-by.js";
import type { WorkerProcess } from "../../support/worker-process.js";

const started = async (cluster: Cluster, choice: string | undefined): Promise<WorkerProcess> => {
  const [engine, model] = [await cluster.engine(), await cluster.loadedModel()];
  const worker = await cluster.worker({ engine, model, env: { HTTP_SERVER: choice } });
  const body = { auth_data: engine.authData({ url: worker.url }), payload: { cost: 1 } };
  expect(await ask(`${worker.url}/work`, { body })).toMatchObject({ status: 200 });
  return worker;
};

/** uWebSockets.js names itself in every answer. */
const serverOf = async ({ url }: WorkerProcess): Promise<string> =>
  "uwebsockets" in (await ask(`${url}/nothing`)).headers ? "uws" : "node";

const warnings = ({ lines }: WorkerProcess) => lines.filter(({ server }) => server === "node");

for (const choice of [undefined, "auto", "AUTO", ""]) {
  test
    .runIf(hasUws)
    .concurrent(`HTTP_SERVER ${choice ?? "unset"}: uWebSockets.js where it runs`, async ({ cluster }) => {
      const worker = await started(cluster, choice);
      expect(await serverOf(worker)).toBe("uws");
      expect(warnings(worker)).toEqual([]);
    });
}

test
  .skipIf(hasUws)
  .concurrent(
    "without a binary of uWebSockets.js: node:http, with one warning that says what it costs and what to do",
    async ({ cluster }) => {
      const worker = await started(cluster, undefined);
      expect(await serverOf(worker)).toBe("node");
      expect(warnings(worker)).toHaveLength(1);
      const [warning] = warnings(worker);
      expect(warning?.msg).toMatch(
        /no binary for Node\.js v\d+.*nearly twice the CPU time.*official package/,
      );
    },
  );

test
  .skipIf(hasUws)
  .concurrent("HTTP_SERVER=uws without a binary: an error that says what to do", async ({ cluster }) => {
    const [engine, model] = [await cluster.engine(), await cluster.model()];
    const worker = await cluster.spawn({ engine, model, env: { HTTP_SERVER: "uws" } });
    await failed(worker);
    expect(worker.text).toMatch(/SERVER_UNAVAILABLE/);
    expect(worker.text).toMatch(/no binary.*official package.*HTTP_SERVER=node/);
  });

test.runIf(hasUws).concurrent("HTTP_SERVER=uws: uWebSockets.js", async ({ cluster }) => {
  expect(await serverOf(await started(cluster, "uws"))).toBe("uws");
});

test.concurrent("HTTP_SERVER=node: node:http, without a warning", async ({ cluster }) => {
  const worker = await started(cluster, "node");
  expect(await serverOf(worker)).toBe("node");
  expect(warnings(worker)).toEqual([]);
});

test.concurrent("HTTP_SERVER=nginx is an environment error", async ({ cluster }) => {
  const [engine, model] = [await cluster.engine(), await cluster.model()];
  const worker = await cluster.spawn({ engine, model, env: { HTTP_SERVER: "nginx" } });
  await failed(worker);
  expect(worker.text).toContain('HTTP_SERVER: expected one of auto, uws, node, got "nginx"');
});

test.concurrent("WORKER_HOST and WORKER_BACKLOG: the public server's address and queue of connections", async ({
  cluster,
}) => {
  const [engine, model] = [await cluster.engine(), await cluster.loadedModel()];
  const env = { WORKER_HOST: "127.0.0.1", WORKER_BACKLOG: "7" };
  const worker = await cluster.worker({ engine, model, env });
  expect(await serverOf(worker)).toBe("node");
  const { port } = new URL(worker.url);
  const listening = (await readFile("/proc/net/tcp", "utf8"))
    .split("\n")
    .map((line) => line.trim().split(/\s+/));
  const local = `0100007F:${Number(port).toString(16).toUpperCase().padStart(4, "0")}`;
  expect(listening.filter(([, address, , state]) => address === local && state === "0A")).toHaveLength(1);
  const { stdout } = await promisify(execFile)("ss", ["-ltnH", `sport = :${port}`]).catch(() => ({
    stdout: "",
  }));
  if (stdout !== "") expect(stdout.trim().split(/\s+/)[2]).toBe("7");
});

test
  .runIf(hasUws)
  .concurrent("HTTP_SERVER=uws with a backlog that it does not have: an error", async ({ cluster }) => {
    const [engine, model] = [await cluster.engine(), await cluster.model()];
    const worker = await cluster.spawn({
      engine,
      model,
      config: { backlog: 7 },
      env: { HTTP_SERVER: "uws" },
    });
    await failed(worker);
    expect(worker.text).toMatch(/SERVER_UNAVAILABLE.*backlog of 512, got 7.*HTTP_SERVER=node/s);
  });

test.concurrent("WORKER_HOST: the public server listens on that address only", async ({ cluster }) => {
  const [engine, model] = [await cluster.engine(), await cluster.loadedModel()];
  const worker = await cluster.worker({ engine, model, env: { WORKER_HOST: "127.0.0.1" } });
  expect(await ask(`${worker.url}/nothing`)).toMatchObject({ status: 404 });
  await expect(fetch(worker.url.replace("127.0.0.1", "127.0.0.2"))).rejects.toMatchObject({
    cause: { code: "ECONNREFUSED" },
  });
});

test.concurrent("a host that is none of this machine: an error that names it", async ({ cluster }) => {
  const [engine, model] = [await cluster.engine(), await cluster.model()];
  const worker = await cluster.spawn({ engine, model, config: { host: "192.0.2.1" } });
  await failed(worker);
  expect(worker.text).toMatch(
    /of 192\.0\.2\.1: this machine has no such address; choose another WORKER_PORT or host/,
  );
});
