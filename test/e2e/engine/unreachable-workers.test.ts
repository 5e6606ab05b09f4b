import { describe, expect } from "vitest";
import type { Engine } from "../../../src/engine/index.js";
import { ask as send } from "../../support/client.js";
import { type Cluster, test } from "../../support/cluster.js";
import { eventually } from "../../support/eventually.js";
import { impatient, type Served } from "../../support/impatient-client.js";
import { ask } from "../../support/started-engine.js";
import type { WorkerProcess } from "../../support/worker-process.js";

const PARALLEL = {
  route: "/work",
  workloadCalculator: "cost",
  allowParallelRequests: true,
  benchmarkConfig: { dataset: [{ cost: 10 }], runs: 1, concurrency: 1 },
} as const;

/** Two workers that are ready, and have no requests. */
async function twoWorkers(cluster: Cluster) {
  const [engine, model] = [await cluster.engine({ silentAfter: 60 }), await cluster.loadedModel()];
  const start = (id: number): Promise<WorkerProcess> =>
    cluster.worker({ engine, model, env: { CONTAINER_ID: `${id}` }, config: { handlers: [PARALLEL] } });
  const [first, second] = await Promise.all([start(1), start(2)]);
  await eventually(() => expect(engine.workers.map(({ state }) => state)).toEqual(["idle", "idle"]));
  return { engine, model, first, second, start };
}

/** Whether a request was sent to the same worker twice in a row. */
const repeats = ({ tried }: Served): boolean => tried.some((url, index) => url === tried[index - 1]);

const requests = (engine: Engine, count: number, tryMs?: number): Promise<readonly Served[]> =>
  Promise.all(Array.from({ length: count }, () => impatient(engine, tryMs === undefined ? {} : { tryMs })));

describe("with two idle workers, of which one was killed", () => {
  test("100 requests at once are served by the other one, after one try of the dead one at most", async ({
    cluster,
  }) => {
    const { engine, first, second } = await twoWorkers(cluster);
    await first.kill();
    const served = await requests(engine, 100);
    expect(served.map(({ url }) => url)).toEqual(served.map(() => second.url));
    expect(served.filter(repeats)).toEqual([]);
    expect(served.filter(({ tried }) => tried.includes(first.url)).length).toBeGreaterThan(0);
    expect(Math.max(...served.map(({ calls }) => calls))).toBeLessThanOrEqual(3);
    // It is not tried again until it reports.
    const later = await requests(engine, 20);
    expect(later.flatMap(({ tried }) => tried)).not.toContain(first.url);
  });

  test("single requests are served by the other one within a second", async ({ cluster }) => {
    const { engine, first, second } = await twoWorkers(cluster);
    await second.kill();
    for (let times = 0; times < 5; times += 1) {
      const served = await impatient(engine);
      expect(served).toMatchObject({ status: 200, url: first.url });
      expect(served.ms).toBeLessThan(1000);
    }
  });

  test("it gets requests again as soon as it is started on another port", async ({ cluster }) => {
    const { engine, first, start } = await twoWorkers(cluster);
    await first.kill();
    await requests(engine, 4);
    const again = await start(1);
    expect(again.url).not.toBe(first.url);
    await eventually(async () => expect((await impatient(engine)).url).toBe(again.url));
    const tried = (await requests(engine, 20)).flatMap((served) => served.tried);
    expect(tried).not.toContain(first.url);
  });
});

test("a worker that is killed while it is the only one gets no endless tries, and serves after its restart", async ({
  cluster,
}) => {
  const [engine, model] = [await cluster.engine({ silentAfter: 60 }), await cluster.loadedModel()];
  const worker = await cluster.worker({ engine, model });
  await eventually(() => expect(engine.workers.map(({ state }) => state)).toEqual(["idle"]));
  await worker.kill();
  const serving = impatient(engine);
  await eventually(() => expect(engine.workers.map(({ state }) => state)).toEqual(["unreachable"]));
  const again = await cluster.worker({ engine, model });
  const served = await serving;
  expect(served).toMatchObject({ status: 200, url: again.url });
  expect(served.tried.filter((url) => url === worker.url).length).toBeLessThan(20);
});

test("a worker that hangs is tried once by a request, and serves again when it answers again", async ({
  cluster,
}) => {
  const { engine, first, second } = await twoWorkers(cluster);
  first.child.kill("SIGSTOP");
  const served = await requests(engine, 10, 3000);
  const triesOf = (each: Served): number => each.tried.filter((url) => url === first.url).length;
  expect(served.map(({ url }) => url)).toEqual(served.map(() => second.url));
  expect(Math.max(...served.map(triesOf))).toBe(1);
  // It does not answer its probes, so that new requests are not sent there.
  await eventually(async () => {
    expect((await requests(engine, 4, 3000)).flatMap(({ tried }) => tried)).not.toContain(first.url);
  });
  first.child.kill("SIGCONT");
  await eventually(async () => expect((await impatient(engine, { tryMs: 3000 })).url).toBe(first.url));
});

test("a worker that drains gets no new requests, and ends the one that it has", async ({ cluster }) => {
  const { engine, model, first, second } = await twoWorkers(cluster);
  const held = send(engine, first, { cost: 1, fate: "hold" });
  await eventually(() => expect(model.held).toBe(1));
  first.child.kill("SIGTERM");
  await first.reaches("draining");
  const during = await requests(engine, 20);
  expect(during.map(({ url }) => url)).toEqual(during.map(() => second.url));
  expect(during.filter(repeats)).toEqual([]);
  model.release();
  expect((await held.answer).status).toBe(200);
  await first.stop();
  const after = await requests(engine, 20);
  expect(after.flatMap(({ tried }) => tried)).not.toContain(first.url);
});

test("a worker that was ended by SIGTERM is not ready any more", async ({ cluster }) => {
  const { engine, first, second } = await twoWorkers(cluster);
  expect(await first.stop("SIGTERM")).toBe(0);
  expect(engine.workers.map(({ id, state }) => [id, state]).toSorted()).toEqual([
    [1, "loading"],
    [2, "idle"],
  ]);
  const served = await requests(engine, 20);
  expect(served.flatMap(({ tried }) => tried)).toEqual(served.map(() => second.url));
});

test("a healthy worker that a client left gets requests again", async ({ cluster }) => {
  const { engine, first, second } = await twoWorkers(cluster);
  // Its network is the cause: it tries again, although the workers are healthy.
  let request_idx = 0;
  for (let times = 0; times < 6; times += 1) {
    const asking = { endpoint: "endpoint", api_key: "key", cost: 1, request_idx };
    ({ request_idx } = await ask<{ request_idx: number }>(engine, "/route/", asking));
  }
  expect(engine.workers.map(({ state }) => state)).toEqual(["idle", "idle"]);
  await eventually(async () => {
    const urls = new Set((await requests(engine, 10)).map(({ url }) => url));
    expect([...urls].toSorted()).toEqual([first.url, second.url].toSorted());
  });
});
