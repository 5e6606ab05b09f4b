import { expect } from "vitest";
import type { Engine } from "../../../src/engine/index.js";
import { type Cluster, test } from "../../support/cluster.js";
import { eventually } from "../../support/eventually.js";
import { LOADED } from "../../support/logging-model.js";
import { TRAFFIC_CAPACITY, TRAFFIC_HANDLERS, Traffic } from "../../support/traffic.js";

/** A worker that serves traffic of all kinds, and the engines it reports to. */
async function underTraffic(cluster: Cluster, engines: number = 1) {
  const all = await Promise.all(Array.from({ length: engines }, () => cluster.engine()));
  const [engine] = all;
  if (engine === undefined) throw new Error("expected an engine");
  const model = await cluster.loadedModel();
  const config = { handlers: TRAFFIC_HANDLERS };
  const worker = await cluster.worker({ engine: all, model, config, capacity: TRAFFIC_CAPACITY });
  return { engine, engines: all, model, worker, traffic: new Traffic(engine, worker, model) };
}

/** The reports received by several engines, together. */
function sumOf(
  engines: readonly Engine[],
): Omit<Engine["totals"], "reports" | "requested" | "requestedLoad"> {
  const all = engines.map(({ totals }) => totals);
  const sum = (of: (totals: Engine["totals"]) => number): number =>
    all.reduce((total, each) => total + of(each), 0);
  const endedTimes = new Map<number, number>();
  for (const totals of all) {
    for (const [index, times] of totals.endedTimes)
      endedTimes.set(index, (endedTimes.get(index) ?? 0) + times);
  }
  return {
    newLoad: sum(({ newLoad }) => newLoad),
    servedLoad: sum(({ servedLoad }) => servedLoad),
    rejectedLoad: sum(({ rejectedLoad }) => rejectedLoad),
    requestsReceived: sum(({ requestsReceived }) => requestsReceived),
    loadTimes: all.flatMap(({ loadTimes }) => loadTimes),
    ended: {
      Success: sum(({ ended }) => ended.Success),
      Error: sum(({ ended }) => ended.Error),
      Cancelled: sum(({ ended }) => ended.Cancelled),
      Rejected: sum(({ ended }) => ended.Rejected),
    },
    endedTimes,
  };
}

/** All is reported: every workload in the sums, every request ended in its way and exactly once. */
async function reportedExactly(
  engines: readonly Engine[],
  traffic: Traffic,
  timeoutMs: number,
): Promise<void> {
  await eventually(() => expect(sumOf(engines)).toMatchObject(traffic.totals), { timeoutMs });
  const { endedTimes, loadTimes } = sumOf(engines);
  expect([...endedTimes.keys()].sort()).toEqual([...traffic.ends.keys()].sort());
  expect([...endedTimes.values()].every((times) => times === 1)).toBe(true);
  for (const { request_idx, status } of engines.flatMap(({ ended }) => ended)) {
    expect(status).toBe(traffic.ends.get(request_idx));
  }
  expect(loadTimes).toHaveLength(1);
  for (const { new_load, rej_load, cur_perf } of engines.flatMap(({ reports }) => reports)) {
    expect(Math.min(new_load, rej_load, cur_perf)).toBeGreaterThanOrEqual(0);
  }
}

const OUTAGES = [
  { name: "answers 500", outage: { kind: "status", status: 500 } },
  { name: "drops connections", outage: { kind: "drop" } },
  { name: "refuses connections", outage: { kind: "refuse" } },
  { name: "takes no ended requests", outage: { kind: "status", status: 503, paths: ["/delete_requests/"] } },
  { name: "does not answer", outage: { kind: "hang" } },
] as const;

for (const { name, outage } of OUTAGES) {
  test.concurrent(`nothing is lost or reported twice while the engine ${name} for seconds`, async ({
    cluster,
  }) => {
    const { engine, worker, traffic } = await underTraffic(cluster);
    await traffic.round();
    await engine.outage(outage);
    await traffic.flow(3);
    const reported = engine.totals.endedTimes.size;
    expect(reported).toBeLessThan(traffic.ends.size);
    if (outage.kind !== "refuse") await eventually(() => expect(engine.refused).toBeGreaterThan(0));
    await engine.recover();
    await traffic.round();
    // A report that hangs is given up after 10 s, and after many failures the next try may be as far off.
    await reportedExactly([engine], traffic, 120_000);

    // The end of the worker adds nothing.
    await traffic.round();
    expect(await worker.stop()).toBe(0);
    await reportedExactly([engine], traffic, 0);
  });
}

test.concurrent("nothing is lost or reported twice while the engine fails in ever other ways, and the model too", async ({
  cluster,
}) => {
  const { engine, model, worker, traffic } = await underTraffic(cluster);
  for (let round = 0; round < 3; round++) {
    await engine.outage({ kind: "drop" });
    await traffic.flow(0.4);
    await engine.outage({ kind: "status", status: 429, paths: ["/worker_status/"] });
    await traffic.flow(0.4);
    model.say("CUDA error");
    await worker.reaches("errored");
    await engine.outage({ kind: "refuse" });
    model.say(LOADED);
    await worker.reaches("ready");
    await traffic.flow(0.4);
    await engine.recover();
    await traffic.flow(0.4);
  }
  await reportedExactly([engine], traffic, 60_000);
  await eventually(() => expect(engine.reports.at(-1)).toMatchObject({ error_msg: "", cur_load: 0 }));
});

test.concurrent("the next address takes over when one fails, and the sums over both are exact", async ({
  cluster,
}) => {
  const { engine: first, engines, traffic } = await underTraffic(cluster, 2);
  const [, second] = engines;
  if (second === undefined) throw new Error("expected two engines");
  await traffic.round();
  await reportedExactly([first], traffic, 60_000);
  expect(second.reports).toEqual([]);

  await first.outage({ kind: "status", status: 502 });
  await traffic.flow(1);
  await reportedExactly(engines, traffic, 60_000);
  expect(second.totals.endedTimes.size).toBeGreaterThan(0);

  // Neither: what is left is reported to the engine that is back first.
  await second.outage({ kind: "refuse" });
  await traffic.flow(1);
  await first.recover();
  await reportedExactly(engines, traffic, 60_000);
});

test.concurrent("a first address that never answers: key and reports come from the second", async ({
  cluster,
}) => {
  const [dead, engine, model] = [await cluster.engine(), await cluster.engine(), await cluster.loadedModel()];
  await dead.outage({ kind: "refuse" });
  const worker = await cluster.worker({
    engine: [dead, engine],
    model,
    config: { handlers: TRAFFIC_HANDLERS },
    capacity: TRAFFIC_CAPACITY,
  });
  const traffic = new Traffic(engine, worker, model);
  await traffic.round();
  await reportedExactly([engine], traffic, 60_000);
});

test.concurrent("an engine that never answers does not keep the worker from ending", async ({ cluster }) => {
  const { engine, worker, traffic } = await underTraffic(cluster);
  await engine.outage({ kind: "hang" });
  await traffic.round();
  const begun = performance.now();
  expect(await worker.stop()).toBe(0);
  // The last reports have 10 s; without a limit it would never end.
  expect(performance.now() - begun).toBeLessThan(60_000);
});
