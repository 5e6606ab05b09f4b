import { once } from "node:events";
import { createServer } from "node:net";
import { expect } from "vitest";
import { type Cluster, type ClusterWorkerOptions, test, WORK } from "../../support/cluster.js";
import { failed } from "../../support/failed-start.js";
import type { WorkerProcess } from "../../support/worker-process.js";

/** Starts a worker that cannot start, and ends it when it has logged that. */
async function failing(cluster: Cluster, options: Partial<ClusterWorkerOptions>): Promise<WorkerProcess> {
  const [engine, model] = [await cluster.engine(), await cluster.model()];
  const worker = await cluster.spawn({ engine, model, ...options });
  await failed(worker);
  expect(worker.states).toEqual([]);
  return worker;
}

test.concurrent("every environment error is reported at once, with its name, what was expected and what was found", async ({
  cluster,
}) => {
  const { text, lines } = await failing(cluster, {
    env: {
      WORKER_PORT: "8o80",
      PUBLIC_IPADDR: undefined,
      CONTAINER_ID: "seven",
      REPORT_ADDR: "https://run.vast.ai,ftp://elsewhere",
      MODEL_HEALTH_ENDPOINT: "health",
      LOG_LEVEL: "loud",
    },
  });
  expect(text).toContain("ENVIRONMENT_INVALID");
  for (const line of [
    "the worker's environment has 7 errors:",
    '  WORKER_PORT: expected a port number from 1 to 65535, got "8o80"',
    "  PUBLIC_IPADDR: expected the worker's public address, but it is not set",
    '  CONTAINER_ID: expected an integer, got "seven"',
    '  REPORT_ADDR: expected http: or https: URLs, separated by commas, got "https://run.vast.ai,ftp://elsewhere"',
    '  MODEL_HEALTH_ENDPOINT: expected a path that begins with "/", or an http: or https: URL, got "health"',
    '  LOG_LEVEL: expected one of fatal, error, warn, info, debug, trace, silent, got "loud"',
    "  VAST_TCP_PORT_8o80: expected a port number from 1 to 65535, but it is not set",
  ]) {
    expect(text).toContain(line);
  }
  expect(text + JSON.stringify(lines)).not.toContain("the-master-token");
});

test.concurrent("every configuration error is reported at once, with its path, what was expected and what was found", async ({
  cluster,
}) => {
  const { text } = await failing(cluster, {
    config: {
      modelServerUrl: "127.0.0.1:18000",
      handlers: [
        { route: "v1/completions", maxQueueTime: -1 },
        { ...WORK, benchmarkConfig: { runs: 0 }, concurrency: 1.5 },
      ],
      drainTimeout: -3,
      // @ts-expect-error: a name as the Python worker has it
      max_sessions: 3,
    },
  });
  expect(text).toContain("CONFIG_INVALID");
  for (const line of [
    "the worker's configuration has 8 errors:",
    "  modelServerUrl: expected a URL with http: or https:, got '127.0.0.1:18000'",
    '  handlers[0].route: expected a path that begins with "/", has no "?", "#" or "*", and ":" only in segments such as ":id", got \'v1/completions\'',
    "  handlers[0].maxQueueTime: expected number to be >=0, got -1",
    "  handlers[1].concurrency: expected int, got 1.5",
    "  handlers[1].benchmarkConfig.runs: expected number to be >=1, got 0",
    "  handlers[1].benchmarkConfig: expected either a dataset or a generator, got { runs: 0 }",
    "  drainTimeout: expected number to be >=0, got -3",
    "  max_sessions: unknown option; did you mean maxSessions?",
  ]) {
    expect(text).toContain(`${line}\n`);
  }
});

test.concurrent("without a benchmark, or with two, the configuration is invalid", async ({ cluster }) => {
  const { route } = WORK;
  const [none, two] = await Promise.all([
    failing(cluster, { config: { handlers: [{ route }] } }),
    failing(cluster, { config: { handlers: [WORK, { ...WORK, route: "/other" }] } }),
  ]);
  for (const { text } of [none, two]) {
    expect(text).toContain("the worker's configuration has 1 error:\n");
    expect(text).toContain("  handlers: expected exactly one handler with a benchmarkConfig, got [ {");
  }
  expect(none.text).toContain(`got [ { route: '${route}' } ]\n`);
  expect(two.text).toContain("route: '/other'");
});

test.concurrent("when nothing decides that the model has loaded, the error lists what can", async ({
  cluster,
}) => {
  const { text } = await failing(cluster, { config: { logActionConfig: undefined } });
  expect(text).toContain("no sign of a loaded model is configured");
  for (const name of [
    "modelLogFile",
    "logActionConfig.onLoad",
    "modelHealthcheckUrl",
    "MODEL_HEALTH_ENDPOINT",
  ]) {
    expect(text).toContain(name);
  }
});

for (const host of ["127.0.0.1", "::"]) {
  test.concurrent(`a port that something else listens on at ${host} is an error that names the port`, async ({
    cluster,
    onTestFinished,
  }) => {
    const taker = createServer().listen(0, host);
    await once(taker, "listening");
    onTestFinished(() => void taker.close());
    const { port } = taker.address() as { port: number };
    const env = { WORKER_PORT: String(port), [`VAST_TCP_PORT_${port}`]: String(port) };
    const worker = await failing(cluster, { env });
    expect(worker.text).toContain("PORT_UNAVAILABLE");
    expect(worker.text).toContain(`cannot listen on port ${port}`);
  });
}
