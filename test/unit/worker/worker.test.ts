import { afterEach, expect, test, vi } from "vitest";
import { Worker } from "../../../src/worker/worker.js";
import { freePort } from "../../support/free-port.js";
import { inFolderOfItsOwn } from "../support/benchmarks.js";
import { answering, engineStub } from "../support/engine-stub.js";

afterEach(() => vi.unstubAllEnvs());

const newWorker = () =>
  new Worker({ handlers: [{ route: "/go", remoteFunction: () => 1, benchmarkConfig: { dataset: [{}] } }] });

function environment(variables: Readonly<Record<string, string | undefined>>): void {
  for (const [name, value] of Object.entries(variables)) vi.stubEnv(name, value);
}

test("a worker that was started already does not start again, and reports nothing of that to the engine", async () => {
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

test("a signal that arrives while it starts is handled as soon as it has", async () => {
  const url = await aWorkersEnvironment();
  const others = process.listeners("SIGTERM");
  const running = newWorker().run();
  // To the worker's own listener only: the tests' runner has one, too.
  for (const handle of process.listeners("SIGTERM")) if (!others.includes(handle)) handle("SIGTERM");
  await running;
  expect(process.listeners("SIGTERM")).toEqual(others);
  await expect(fetch(url)).rejects.toThrow("fetch failed");
});

test("its states are emitted, the last one when all is over", async () => {
  await aWorkersEnvironment();
  const states: string[] = [];
  let hasStopped = false;
  const worker = new Worker({
    handlers: [{ route: "/go", remoteFunction: () => 1, benchmarkConfig: { dataset: [{}], runs: 1 } }],
    lifecycle: {
      stop: () => {
        hasStopped = true;
      },
    },
  });
  worker.on("state", (state) => {
    expect(worker.state).toBe(state);
    states.push(state === "stopped" ? `${state} ${hasStopped}` : state);
    // What a listener throws is not the worker's failure.
    throw new Error("the listener failed");
  });
  expect(worker.state).toBe("created");
  await worker.start();
  await vi.waitUntil(() => worker.state === "ready", { timeout: 60_000 });
  await worker.stop();
  expect(worker.state).toBe("stopped");
  expect(states).toEqual(["loading", "benchmarking", "ready", "draining", "stopped true"]);
});

test("its address is available from the start", async () => {
  const url = await aWorkersEnvironment();
  const worker = newWorker();
  expect(() => worker.url).toThrow("the worker has not been started");
  await worker.start();
  expect(`${worker.url}/go`).toBe(url);
  await worker.stop();
});

test("it stops at the end of the block that uses it", async () => {
  const url = await aWorkersEnvironment();
  const stopped: string[] = [];
  {
    await using worker = newWorker();
    worker.on("state", (state) => state === "stopped" && stopped.push(state));
    await worker.start();
    expect((await fetch(url)).status).toBeGreaterThan(0);
  }
  expect(stopped).toEqual(["stopped"]);
  await expect(fetch(url)).rejects.toThrow("fetch failed");
  await using unused = newWorker();
  expect(unused.state).toBe("created");
});

test("a worker that cannot start has stopped", async () => {
  environment({ WORKER_PORT: undefined });
  const worker = newWorker();
  const states: string[] = [];
  worker.on("state", (state) => states.push(state));
  await expect(worker.start()).rejects.toMatchObject({ code: "ENVIRONMENT_INVALID" });
  expect([worker.state, ...states]).toEqual(["stopped", "stopped"]);
});
