import { expect } from "vitest";
import { test } from "../../../support/cluster.js";
import { eventually } from "../../../support/eventually.js";
import { ask } from "../../../support/http-client.js";

/** A worker that has functions only: no model server, no log of one. */
const alone = (handlers: object) => ({
  modelServerUrl: undefined,
  modelLogFile: undefined,
  logActionConfig: undefined,
  handlers: [{ route: "/work", ...handlers }],
});

test.concurrent("a worker of functions needs no model server: it is ready when its benchmark is done", async ({
  cluster,
}) => {
  const [engine, model] = [await cluster.engine(), await cluster.model()];
  const config = alone({ remoteFunction: "echo", benchmarkConfig: { dataset: [{}], runs: 2 } });
  const worker = await cluster.worker({ engine, model, config, capacity: null });
  expect(worker.states).toEqual(expect.arrayContaining(["benchmarking", "ready"]));
  expect(worker.lines.filter(({ msg }) => msg === "benchmark round")).toMatchObject([
    { successes: 1 },
    { successes: 1 },
  ]);
  const body = { auth_data: engine.authData({ url: worker.url }), payload: { n: 1 } };
  expect((await ask(`${worker.url}/work`, { body })).json()).toEqual({ result: { n: 1 } });
  await eventually(() => expect(engine.reports.at(-1)?.max_perf).toBeGreaterThan(0));
  expect(model.probes + model.payloads.length).toBe(0);
});

test.concurrent("the benchmark of a generator function takes all that it yields", async ({ cluster }) => {
  const [engine, model] = [await cluster.engine(), await cluster.model()];
  const dataset = [{ pieces: 1000, length: 10 }];
  const config = alone({ remoteFunction: "pours", benchmarkConfig: { dataset, runs: 2 } });
  const worker = await cluster.worker({ engine, model, config, capacity: null });
  // The warm-up and two rounds.
  expect(worker.lines.filter(({ msg }) => msg === "generator ended")).toMatchObject(
    Array(3).fill({ pieces: 1000 }),
  );
  expect(engine.ended).toEqual([]);
});

test.concurrent("the benchmark of a generator function that throws has failed, however much it yielded", async ({
  cluster,
}) => {
  const [engine, model] = [await cluster.engine(), await cluster.model()];
  const dataset = [{ upTo: 3, failAt: 3 }];
  const config = alone({ remoteFunction: "counts", benchmarkConfig: { dataset, runs: 1 } });
  const worker = await cluster.worker({ engine, model, config, capacity: null }, "errored");
  expect(worker.lines.filter(({ msg }) => msg === "benchmark round")).toMatchObject([
    {
      successes: 0,
      fault: "/work threw: the generator failed",
      err: { stack: expect.stringContaining("worker-main") },
    },
  ]);
  await eventually(() =>
    expect(engine.reports.at(-1)?.error_msg).toBe(
      "No successful responses from benchmark: /work threw: the generator failed",
    ),
  );
});
