import { once } from "node:events";
import { open, readFile } from "node:fs/promises";
import { expect } from "vitest";
import type { Engine } from "../../../src/engine/index.js";
import { ask } from "../../support/client.js";
import { type Cluster, test, WORK } from "../../support/cluster.js";
import { eventually } from "../../support/eventually.js";
import { scraped } from "../../support/metrics-text.js";
import type { WorkerProcess } from "../../support/worker-process.js";

/** Milliseconds for an end that nothing holds up; a stuck output would hold it up for ever. */
const AT_ONCE = 15_000;

const HANDLERS = [
  WORK,
  // Each of its requests logs an error with a stack: some 1,500 bytes.
  { route: "/throws", remoteFunction: "throws", allowParallelRequests: true },
  // Prints a line of its own.
  { route: "/prints", responseGenerator: "waitsForEnd" },
] as const;

const config = { handlers: HANDLERS, lifecycle: "starts", readiness: "log" } as const;

async function started(cluster: Cluster, stdout?: number) {
  const [engine, model] = [await cluster.engine(), await cluster.loadedModel()];
  const worker = await cluster.spawn({ engine, model, config, ...(stdout !== undefined && { stdout }) });
  await isReady(worker);
  return { engine, worker };
}

/** Its log may be empty. */
const isReady = (worker: WorkerProcess): Promise<unknown> =>
  eventually(async () => (await fetch(`${worker.localUrl}/readyz`)).status === 200, { timeoutMs: 90_000 });

const lost = async (worker: WorkerProcess): Promise<number> =>
  (await scraped(worker)).get("tsworker_log_lines_lost_total") ?? Number.NaN;

/** Requests until lines of the log are lost, and some more. */
async function flood(engine: Engine, worker: WorkerProcess): Promise<void> {
  let rest = 3;
  while (rest > 0) {
    const burst = Array.from({ length: 50 }, () => ask(engine, worker, {}, { route: "/throws" }).answer);
    for (const { status } of await Promise.all(burst)) expect(status).toBe(500);
    if ((await lost(worker)) > 0) rest--;
  }
}

async function isServed(engine: Engine, worker: WorkerProcess): Promise<void> {
  for (const route of ["/work", "/prints"]) {
    expect((await ask(engine, worker, { cost: 1 }, { route }).answer).status).toBe(200);
  }
  expect((await fetch(`${worker.localUrl}/healthz`)).status).toBe(200);
}

/** Ends it with a signal. */
async function ends(worker: WorkerProcess): Promise<void> {
  const begun = performance.now();
  const exited = once(worker.child, "exit");
  worker.child.kill("SIGTERM");
  expect(await exited).toEqual([0, null]);
  expect(performance.now() - begun).toBeLessThan(AT_ONCE);
}

test.concurrent("a pipe that is not read: requests are served, lines are lost and counted, and the rest comes in order", async ({
  cluster,
}) => {
  const { engine, worker } = await started(cluster);
  expect(await lost(worker)).toBe(0);
  worker.child.stdout?.pause();
  await flood(engine, worker);
  await isServed(engine, worker);
  const count = await lost(worker);
  worker.child.stdout?.resume();
  const reported = await eventually(() => {
    const line = worker.lines.find(({ msg }) => msg.startsWith("lines of the log were lost"));
    expect(line).toBeDefined();
    return line;
  });
  expect(reported).toMatchObject({ level: 40, lines: count });
  // From now on nothing is lost.
  await isServed(engine, worker);
  expect(await lost(worker)).toBe(count);
  expect(await worker.stop()).toBe(0);
  expect(worker.states.at(-1)).toBe("stopped");
  const times = worker.lines.flatMap(({ time }) => (time === undefined ? [] : [String(time)]));
  expect(times).toEqual(times.toSorted());
  // Every line is whole.
  expect(worker.text).toBe("");
});

test.concurrent("a pipe that is not read does not hold up the end", async ({ cluster }) => {
  const { engine, worker } = await started(cluster);
  worker.child.stdout?.pause();
  await flood(engine, worker);
  await ends(worker);
});

test.concurrent("a pipe whose reader has closed it, and standard error's: requests are served", async ({
  cluster,
}) => {
  const { engine, worker } = await started(cluster);
  worker.child.stdout?.destroy();
  worker.child.stderr?.destroy();
  await isServed(engine, worker);
  await flood(engine, worker);
  await isServed(engine, worker);
  await ends(worker);
});

test.concurrent("a full disk: a worker starts and serves requests", async ({ cluster }) => {
  const full = await open("/dev/full", "w");
  const { engine, worker } = await started(cluster, full.fd);
  await full.close();
  await isServed(engine, worker);
  expect(await lost(worker)).toBeGreaterThan(0);
  await ends(worker);
});

test.concurrent("a file has all lines, the last ones included", async ({ cluster }) => {
  const path = `${await cluster.folder()}/worker.log`;
  const file = await open(path, "a");
  const { engine, worker } = await started(cluster, file.fd);
  await file.close();
  await isServed(engine, worker);
  await ends(worker);
  expect(await worker.stop()).toBe(0);
  const messages = (await readFile(path, "utf8"))
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line).msg);
  expect(messages[0]).toBe("listening");
  expect(messages.at(-1)).toBe("lifecycle stops");
  expect(messages.filter((msg) => msg === "request")).toHaveLength(2);
});
