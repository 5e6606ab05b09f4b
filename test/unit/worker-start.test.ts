import { afterEach, expect, test, vi } from "vitest";
import { Worker } from "../../src/worker/worker.js";
import { freePort } from "../support/free-port.js";
import { inFolderOfItsOwn } from "./support/benchmarks.js";
import { answering, engineStub } from "./support/engine-stub.js";

afterEach(() => vi.unstubAllEnvs());

const newWorker = () =>
  new Worker({ handlers: [{ route: "/go", remoteFunction: () => 1, benchmarkConfig: { dataset: [{}] } }] });

function environment(variables: Readonly<Record<string, string | undefined>>): void {
  for (const [name, value] of Object.entries(variables)) vi.stubEnv(name, value);
}

test("a worker that was started already does not start again, and tells the engine nothing of that", async () => {
  environment({ WORKER_PORT: undefined, CONTAINER_ID: "7", REPORT_ADDR: "http://127.0.0.1:9" });
  const worker = newWorker();
  await expect(worker.start()).rejects.toMatchObject({ code: "ENVIRONMENT_INVALID" });
  await expect(worker.run()).rejects.toThrow("the worker was started already");
  await expect(worker.start()).rejects.toThrow("the worker was started already");
});

async function aWorkersEnvironment(): Promise<string> {
  inFolderOfItsOwn();
  const engine = await engineStub(answering(200));
  const port = String(await freePort());
  environment({
    WORKER_PORT: port,
    WORKER_HTTP_PORT: String(await freePort()),
    [`VAST_TCP_PORT_${port}`]: port,
    PUBLIC_IPADDR: "127.0.0.1",
    CONTAINER_ID: "7",
    REPORT_ADDR: engine.url,
    UNSECURED: "true",
    LOG_LEVEL: "silent",
  });
  return `http://127.0.0.1:${port}/go`;
}

test("a worker that is stopped while it starts stops", async () => {
  const url = await aWorkersEnvironment();
  const worker = newWorker();
  const starting = worker.start();
  await worker.stop();
  await starting;
  await expect(fetch(url)).rejects.toThrow("fetch failed");
});

test("a signal that comes while it starts is heeded as soon as it has", async () => {
  const url = await aWorkersEnvironment();
  const others = process.listeners("SIGTERM");
  const running = newWorker().run();
  // To the worker's own listener only: the tests' runner has one, too.
  for (const heed of process.listeners("SIGTERM")) if (!others.includes(heed)) heed("SIGTERM");
  await running;
  expect(process.listeners("SIGTERM")).toEqual(others);
  await expect(fetch(url)).rejects.toThrow("fetch failed");
});
