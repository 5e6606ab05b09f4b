import { appendFileSync, closeSync, existsSync, openSync, readFileSync, writeFileSync } from "node:fs";
import { expect, test } from "vitest";
import { Instance } from "../../support/instance.js";
import { startedEngine } from "../../support/started-engine.js";
import { WorkerRepository } from "../../support/worker-repository.js";

const LOADED = "Application startup complete.";

/** An instance whose worker waits for a line of the model's log. The log has that line from an earlier start. */
async function setUp(variables: Readonly<Record<string, string>> = {}) {
  const engine = await startedEngine();
  const repository = new WorkerRepository({
    "worker.ts": `import { Worker } from "tsworker";
      await new Worker({
        modelLogFile: process.env.MODEL_LOG,
        logActionConfig: { onLoad: [${JSON.stringify(LOADED)}] },
        readiness: "log",
        handlers: [{ route: "/one", remoteFunction: () => 1, benchmarkConfig: { generator: () => ({}), runs: 1 } }],
      }).run();`,
  });
  const instance = await Instance.create({
    REPORT_ADDR: engine.url,
    PYWORKER_REPO: repository.url,
    ...variables,
  });
  const log = instance.path("model.log");
  writeFileSync(log, `${LOADED}\n`);
  return { instance, log, start: () => instance.start({ MODEL_LOG: log }) };
}

test("lines of an earlier start are put aside, and the worker waits for those of this one", async () => {
  const { log, start } = await setUp();
  const first = start();
  await first.says('"state":"loading"');
  expect(readFileSync(`${log}.old`, "utf8")).toBe(`${LOADED}\n`);
  expect(first.output()).not.toContain('"state":"ready"');
  appendFileSync(log, `${LOADED}\n`);
  await first.says('"state":"ready"');
});

test("a log that a model server writes to stays as it is", async () => {
  const { log, start } = await setUp();
  const writing = openSync(log, "a");
  const first = start();
  await first.says('"state":"ready"');
  closeSync(writing);
  expect(first.output()).toContain("the model's log is kept: a process writes to it");
  expect(existsSync(`${log}.old`)).toBe(false);
});

test("ROTATE_MODEL_LOG=false leaves it alone", async () => {
  const { log, start } = await setUp({ ROTATE_MODEL_LOG: "false" });
  await start().says('"state":"ready"');
  expect(existsSync(`${log}.old`)).toBe(false);
});
