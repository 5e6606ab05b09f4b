import { once } from "node:events";
import { readFileSync, rmSync, statSync } from "node:fs";
import type { IncomingMessage } from "node:http";
import { request } from "node:https";
import { expect, test } from "vitest";
import { eventually } from "../../support/eventually.js";
import { Instance } from "../../support/instance.js";
import { signingService } from "../../support/signing-service.js";
import { ask, startedEngine } from "../../support/started-engine.js";
import { WorkerRepository } from "../../support/worker-repository.js";

const READY = '"state":"ready"';

/** Calls the worker over TLS as a client that trusts this authority only. */
async function versionOver(url: string, ca: string, auth: unknown): Promise<unknown> {
  const asking = request(`${url}/version`, { method: "POST", ca, agent: false });
  asking.end(JSON.stringify({ auth_data: auth, payload: {} }));
  const [response] = (await once(asking, "response")) as [IncomingMessage];
  return JSON.parse(Buffer.concat(await response.toArray()).toString());
}

test("the worker of a repository serves with a certificate that was signed for it", async () => {
  const [engine, signing] = [await startedEngine(), await signingService()];
  const repository = new WorkerRepository();
  const instance = await Instance.create({
    REPORT_ADDR: engine.url,
    PYWORKER_REPO: repository.url,
    USE_SSL: "true",
    SIGN_CERT_URL: `${signing.url}?instance_id=7`,
  });
  const start = instance.start();
  await start.says(READY);
  const auth = await eventually(async () => {
    const routed = await ask<{ url?: string }>(engine, "/route/", {
      endpoint: "endpoint",
      api_key: "key",
      cost: 1,
    });
    expect(routed.url).toBe(`https://127.0.0.1:${instance.port}`);
    return routed;
  });
  expect(await versionOver(auth.url ?? "", signing.authority, auth)).toEqual({ result: "one" });
  expect(signing.asked).toEqual([
    { path: "/sign_cert/?instance_id=7", contentType: "application/octet-stream" },
  ]);
  expect(statSync(instance.path("etc/instance.key")).mode & 0o777).toBe(0o600);
  start.signal("SIGTERM");
  expect(await start.exitCode).toBe(0);
  expect(instance.log).toBe(start.output());
  expect(instance.log).toContain('"state":"stopped"');
  expect(instance.log).not.toContain("the-master-token");
});

test("a second start needs neither the repository nor the signing service, and measures nothing again", async () => {
  const [engine, signing] = [await startedEngine(), await signingService()];
  const repository = new WorkerRepository();
  const instance = await Instance.create({
    REPORT_ADDR: engine.url,
    PYWORKER_REPO: repository.url,
    USE_SSL: "true",
    SIGN_CERT_URL: signing.url,
  });
  const first = instance.start();
  await first.says(READY);
  first.signal("SIGTERM");
  expect(await first.exitCode).toBe(0);
  repository.vanish();
  const certificate = readFileSync(instance.path("etc/instance.crt"), "utf8");
  const second = instance.start();
  await second.says(READY);
  expect(second.output()).toContain("benchmark result kept from an earlier start");
  expect(readFileSync(instance.path("etc/instance.crt"), "utf8")).toBe(certificate);
  expect(signing.asked).toHaveLength(1);
  second.signal("SIGTERM");
  expect(await second.exitCode).toBe(0);
});

test("an installation that was broken off is done again", async () => {
  const engine = await startedEngine();
  const repository = new WorkerRepository();
  const instance = await Instance.create({ REPORT_ADDR: engine.url, PYWORKER_REPO: repository.url });
  const first = instance.start();
  await first.says("installing packages");
  await instance.kill();
  await first.exitCode;
  rmSync(instance.path("workspace/worker/worker.ts"));
  const second = instance.start();
  await second.says(READY);
});

test("SIGINT drains the worker, too, and a second signal stops it at once", async () => {
  const engine = await startedEngine();
  const repository = new WorkerRepository({
    "slow.ts": `import { Worker } from "tsworker";
      const remoteFunction = () => new Promise(() => {});
      const other = { route: "/other", remoteFunction: () => 1, benchmarkConfig: { generator: () => ({}), runs: 1 } };
      await new Worker({ handlers: [{ route: "/never", remoteFunction }, other] }).run();`,
  });
  const instance = await Instance.create({
    REPORT_ADDR: engine.url,
    PYWORKER_REPO: repository.url,
    WORKER: "slow.ts",
    UNSECURED: "true",
  });
  const start = instance.start();
  await start.says(READY);
  const auth = { cost: 1, endpoint: "endpoint", reqnum: 1, request_idx: 1, signature: "", url: "" };
  const hanging = fetch(`http://127.0.0.1:${instance.port}/never`, {
    method: "POST",
    body: JSON.stringify({ auth_data: auth, payload: {} }),
  }).catch(() => {});
  await eventually(() => expect(engine.reports.at(-1)?.num_requests_working).toBe(1));
  start.signal("SIGINT");
  await start.says('"state":"draining"');
  const stoppedAt = performance.now();
  start.signal("SIGTERM");
  expect(await start.exitCode).toBe(0);
  // It would have waited 30 s for the request.
  expect(performance.now() - stoppedAt).toBeLessThan(20_000);
  await hanging;
});

test("an instance has one worker: another start ends without a report to the engine", async () => {
  const engine = await startedEngine();
  const repository = new WorkerRepository();
  const instance = await Instance.create({ REPORT_ADDR: engine.url, PYWORKER_REPO: repository.url });
  const first = instance.start();
  await first.says(READY);
  const second = instance.start();
  expect(await second.exitCode).toBe(1);
  expect(second.output()).toContain("a worker runs or is being started here already");
  expect(engine.reports.map(({ error_msg }) => error_msg).filter(Boolean)).toEqual([]);
  // The worker outlives its start script, and still is the only one.
  first.signal("SIGKILL");
  expect(await instance.start().exitCode).toBe(1);
});
