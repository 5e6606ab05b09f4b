import { existsSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { ask as post } from "../../support/http-client.js";
import { Instance } from "../../support/instance.js";
import { startedEngine } from "../../support/started-engine.js";
import { WorkerRepository, workerThatLogs } from "../../support/worker-repository.js";

const READY = '"state":"ready"';

const AUTH = { cost: 1, endpoint: "endpoint", reqnum: 1, request_idx: 1, signature: "", url: "" };

/** Starts the worker, requests its version, and stops it. */
async function versionAfterStart(instance: Instance, variables: Readonly<Record<string, string>> = {}) {
  const start = instance.start(variables);
  await start.says(READY);
  const body = { auth_data: AUTH, payload: {} };
  const answer = await post(`http://127.0.0.1:${instance.port}/version`, { body });
  start.signal("SIGTERM");
  await start.exitCode;
  return (answer.json() as { readonly result: string }).result;
}

async function instanceOf(repository: WorkerRepository, variables: Readonly<Record<string, string>> = {}) {
  const { url } = await startedEngine();
  return Instance.create({
    REPORT_ADDR: url,
    PYWORKER_REPO: repository.url,
    UNSECURED: "true",
    ...variables,
  });
}

test("PYWORKER_REF is a branch, a tag or a commit, and without it the repository's HEAD is taken", async () => {
  const repository = new WorkerRepository();
  const one = repository.commit({ "worker.ts": workerThatLogs("one of these") });
  repository.tag("v1");
  const two = repository.commit({ "worker.ts": workerThatLogs("two") });
  repository.branch("next");
  const three = repository.commit({ "worker.ts": workerThatLogs("three") });
  repository.checkout("main");
  const four = repository.commit({ "worker.ts": workerThatLogs("four") });
  const instance = await instanceOf(repository);
  const references = { v1: one, [two]: two, [two.slice(0, 10)]: two, next: three, main: four, "": four };
  for (const [reference, commit] of Object.entries(references)) {
    const start = instance.start({ PYWORKER_REF: reference });
    await start.says(`at commit ${commit}\n`);
    await instance.kill();
    await start.exitCode;
    const text = readFileSync(instance.path("workspace/worker/worker.ts"), "utf8");
    expect(text, reference).toBe(repository.textAt(commit, "worker.ts"));
  }
});

test("what is newer in the repository is taken up by the start after /pyworker/update, and not before", async () => {
  const repository = new WorkerRepository();
  const instance = await instanceOf(repository, { PYWORKER_REF: "main" });
  expect(await versionAfterStart(instance)).toBe("one");
  repository.commit({ "worker.ts": workerThatLogs("two") });
  expect(await versionAfterStart(instance)).toBe("one");
  const start = instance.start();
  await start.says(READY);
  const { status } = await post(`http://127.0.0.1:${instance.port}/pyworker/update`, {
    headers: { authorization: "Bearer the-master-token" },
  });
  expect(status).toBe(200);
  expect(existsSync(instance.path("force_update"))).toBe(true);
  start.signal("SIGTERM");
  await start.exitCode;
  expect(await versionAfterStart(instance)).toBe("two");
  expect(existsSync(instance.path("force_update"))).toBe(false);
});

test("with a lock file npm ci installs what it lists, and one that does not fit is an error", async () => {
  const repository = new WorkerRepository();
  repository.lock();
  const instance = await instanceOf(repository);
  const first = instance.start();
  await first.says(READY);
  await instance.kill();
  await first.exitCode;
  repository.commit({ "package.json": repository.manifest({ other: "file:./other" }) });
  const second = instance.start({ PYWORKER_REF: "main" });
  expect(await second.exitCode).toBe(1);
  expect(second.output()).toContain("cannot install the packages: npm error");
  expect(second.output()).toContain("`npm ci` can only install packages when your package.json");
});

test("an example of the package needs no repository", async () => {
  const { url } = await startedEngine();
  const { packageFolder } = new WorkerRepository();
  const instance = await Instance.create({
    REPORT_ADDR: url,
    WORKER: "hello-world",
    TSWORKER_PACKAGE: packageFolder,
    MODEL_LOG: "/nowhere/model.log",
  });
  const start = instance.start();
  await start.says('"state":"loading"');
  start.signal("SIGTERM");
  expect(await start.exitCode).toBe(0);
});
