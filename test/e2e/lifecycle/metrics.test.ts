import { expect } from "vitest";
import { VERSION } from "../../../src/shared/package-root.js";
import { LIFECYCLE_STATES } from "../../../src/worker/metrics/metrics-reading.js";
import { ask } from "../../support/client.js";
import { test, WORK } from "../../support/cluster.js";
import { eventually } from "../../support/eventually.js";
import { RawClient, ask as send } from "../../support/http-client.js";
import { LOADED } from "../../support/logging-model.js";
import { scraped, valuesOf } from "../../support/metrics-text.js";
import { Prober } from "../../support/prober.js";
import type { WorkerProcess } from "../../support/worker-process.js";

const AT_ONCE = { route: "/at-once", allowParallelRequests: true, workloadCalculator: "cost" } as const;
const NO_WAIT = { route: "/no-wait", maxQueueTime: 0, workloadCalculator: "cost" } as const;
const HANDLERS = [{ ...WORK, maxQueueTime: null }, AT_ONCE, NO_WAIT] as const;
const OUTCOMES = ["success", "error", "cancelled", "rejected"] as const;

type Series = ReadonlyMap<string, number>;

/** Ended requests of a route. */
const requestsOf = (series: Series, route: string) =>
  Object.fromEntries(
    OUTCOMES.map((outcome) => [
      outcome,
      series.get(`tsworker_requests_total{route="${route}",outcome="${outcome}"}`),
    ]),
  );

/** Number of durations of a route; checks its buckets: they never decrease, and the last one holds all. */
function countOf(series: Series, histogram: string, route: string): number {
  const name = `tsworker_${histogram}_seconds`;
  const buckets = valuesOf(series, `${name}_bucket{route="${route}",`);
  expect(buckets.length).toBeGreaterThan(10);
  expect(buckets).toEqual([...buckets].sort((a, b) => a - b));
  const count = series.get(`${name}_count{route="${route}"}`);
  expect(buckets.at(-1)).toBe(count);
  expect(series.get(`${name}_bucket{route="${route}",le="+Inf"}`)).toBe(count);
  expect(series.get(`${name}_sum{route="${route}"}`)).toBeGreaterThanOrEqual(0);
  return Number(count);
}

/** The states whose series is not 0. */
const statesOf = (series: Series): readonly string[] =>
  LIFECYCLE_STATES.filter((state) => series.get(`tsworker_state{state="${state}"}`) !== 0);

/** Waits until a worker's metrics are as expected. */
const hasSeries = (worker: WorkerProcess, expected: Readonly<Record<string, number>>) =>
  eventually(async () => {
    const series = await scraped(worker);
    expect(Object.fromEntries(Object.keys(expected).map((name) => [name, series.get(name)]))).toEqual(
      expected,
    );
  });

test.concurrent("requests are counted by route, outcome and status, and the workload equals what was reported to the engine", async ({
  cluster,
}) => {
  const [engine, model] = [await cluster.engine(), await cluster.loadedModel()];
  const worker = await cluster.worker({ engine, model, config: { handlers: HANDLERS } });

  for (const cost of [1, 2, 4]) expect((await ask(engine, worker, { cost }).answer).status).toBe(200);
  expect((await ask(engine, worker, { cost: 8, fate: "break" }).answer).status).toBe(502);
  const running = ask(engine, worker, { cost: 16, fate: "hold" });
  await eventually(() => expect(model.held).toBe(1));
  const waiting = ask(engine, worker, { cost: 32 });
  await hasSeries(worker, { tsworker_workload_ahead: 16 + 32 });
  expect((await ask(engine, worker, { cost: 64 }, { route: "/no-wait" }).answer).status).toBe(429);
  // One after the other: the end of the running one would give the waiting one its turn.
  waiting.leave();
  await hasSeries(worker, { tsworker_workload_ahead: 16 });
  running.leave();
  const unsigned = { authData: { signature: "c2lnbmF0dXJl" } };
  expect((await ask(engine, worker, { cost: 128 }, unsigned).answer).status).toBe(401);
  // What is no request at all is not reported to the engine.
  expect((await send(`${worker.url}/work`, { body: "no JSON" })).status).toBe(422);
  await hasSeries(worker, {
    tsworker_open_workload: 0,
    'tsworker_requests_total{route="/work",outcome="cancelled"}': 2,
  });

  const series = await scraped(worker);
  expect(requestsOf(series, "/work")).toEqual({ success: 3, error: 1, cancelled: 2, rejected: 2 });
  expect(requestsOf(series, "/no-wait")).toEqual({ success: 0, error: 0, cancelled: 0, rejected: 1 });
  expect(requestsOf(series, "/at-once")).toEqual({ success: 0, error: 0, cancelled: 0, rejected: 0 });
  const statuses = Object.fromEntries(
    [...series].filter(([name]) => name.startsWith('tsworker_responses_total{route="/work",')),
  );
  expect(statuses).toEqual(
    Object.fromEntries(
      [
        [200, 3],
        [401, 1],
        [422, 1],
        [499, 2],
        [502, 1],
      ].map(([status, count]) => [`tsworker_responses_total{route="/work",status="${status}"}`, count]),
    ),
  );
  // Those that succeeded; those that were answered; those whose turn came.
  expect(countOf(series, "request_duration", "/work")).toBe(3);
  expect(countOf(series, "request_time_to_first_byte", "/work")).toBe(3);
  expect(countOf(series, "request_queue_wait", "/work")).toBe(5);
  expect(countOf(series, "request_queue_wait", "/no-wait")).toBe(0);

  const ended = (outcome: string): number =>
    Number(series.get(`tsworker_workload_ended_total{outcome="${outcome}"}`));
  expect(OUTCOMES.map(ended)).toEqual([1 + 2 + 4, 8, 16 + 32, 64 + 100]);
  expect(series.get("tsworker_workload_received_total")).toBe(1 + 2 + 4 + 8 + 16 + 32);
  await eventually(() =>
    expect(engine.totals).toMatchObject({
      servedLoad: ended("success"),
      rejectedLoad: ended("rejected"),
      // The index of the unsigned one is not reported.
      ended: { Success: 3, Error: 1, Cancelled: 2, Rejected: 1 },
    }),
  );
  await hasSeries(worker, { tsworker_undelivered_ended_requests: 0, tsworker_actor_replacements_total: 0 });
});

test.concurrent("queues: what runs, what waits, and for how long the first of them has waited", async ({
  cluster,
}) => {
  const [engine, model] = [await cluster.engine(), await cluster.loadedModel()];
  const worker = await cluster.worker({ engine, model, config: { handlers: HANDLERS } });
  const serial = (kind: string): string => `tsworker_queue_${kind}{queue="serial"}`;
  const parallel = (kind: string): string => `tsworker_queue_${kind}{queue="/at-once"}`;
  const idle = {
    [serial("running_requests")]: 0,
    [serial("waiting_requests")]: 0,
    [serial("limit_requests")]: 1,
    [serial("oldest_wait_seconds")]: 0,
    [parallel("running_requests")]: 0,
    [parallel("waiting_requests")]: 0,
    [parallel("limit_requests")]: Number.POSITIVE_INFINITY,
    [parallel("oldest_wait_seconds")]: 0,
    tsworker_open_workload: 0,
    tsworker_workload_ahead: 0,
  };
  await hasSeries(worker, idle);

  const held = [1, 2, 4].map((cost) => ask(engine, worker, { cost, fate: "hold" }));
  const atOnce = [8, 16].map((cost) => ask(engine, worker, { cost, fate: "hold" }, { route: "/at-once" }));
  await hasSeries(worker, {
    [serial("running_requests")]: 1,
    [serial("waiting_requests")]: 2,
    [serial("limit_requests")]: 1,
    [parallel("running_requests")]: 2,
    [parallel("waiting_requests")]: 0,
    [parallel("oldest_wait_seconds")]: 0,
    tsworker_open_workload: 31,
    tsworker_workload_ahead: 31,
  });
  // The first of them waits on, and its wait gets longer.
  const waits = async (): Promise<number> =>
    Number((await scraped(worker)).get(serial("oldest_wait_seconds")));
  const earlier = await waits();
  await eventually(async () => expect(await waits()).toBeGreaterThan(earlier));

  for (const atModel of [3, 1, 1]) {
    await eventually(() => expect(model.held).toBe(atModel));
    model.release();
  }
  for (const { answer } of [...atOnce, ...held]) expect((await answer).status).toBe(200);
  await hasSeries(worker, idle);
});

test.concurrent("one series of all states is 1, and the capacity is there once it is measured", async ({
  cluster,
}) => {
  const [engine, model] = [await cluster.engine(), await cluster.model()];
  const worker = await cluster.worker({ engine, model, capacity: null }, "loading");
  const loading = await scraped(worker);
  expect(statesOf(loading)).toEqual(["loading"]);
  expect(valuesOf(loading, "tsworker_capacity")).toEqual([]);
  expect(loading.get(`tsworker_build_info{version="${VERSION}"}`)).toBe(1);
  expect(loading.get("process_resident_memory_bytes")).toBeGreaterThan(2 ** 20);

  model.say(LOADED);
  await worker.reaches("ready");
  const ready = await scraped(worker);
  expect(statesOf(ready)).toEqual(["ready"]);
  const capacity = worker.lines.find(({ state }) => state === "ready")?.maxPerf;
  expect(ready.get("tsworker_capacity_workload_per_second")).toBe(capacity);
  // A benchmark is no traffic.
  expect(valuesOf(ready, "tsworker_requests_total").filter((count) => count !== 0)).toEqual([]);
  expect(ready.get("tsworker_workload_received_total")).toBe(0);

  model.say("CUDA error");
  await worker.reaches("errored");
  expect(statesOf(await scraped(worker))).toEqual(["errored"]);
  expect((await ask(engine, worker, { cost: 3 }).answer).status).toBe(503);
  await hasSeries(worker, { 'tsworker_responses_total{route="/work",status="503"}': 1 });
});

test.concurrent("reports that the engine does not accept are counted as failed, and their content as undelivered", async ({
  cluster,
}) => {
  const [engine, model] = [await cluster.engine(), await cluster.loadedModel()];
  const worker = await cluster.worker({ engine, model });
  const reports = (kind: string, result: string) => async (): Promise<number> =>
    Number((await scraped(worker)).get(`tsworker_reports_total{kind="${kind}",result="${result}"}`));
  await eventually(async () => expect(await reports("status", "delivered")()).toBe(engine.totals.reports));
  expect(await reports("status", "failed")()).toBe(0);

  await engine.outage({ kind: "status", status: 500 });
  for (const cost of [1, 2]) expect((await ask(engine, worker, { cost }).answer).status).toBe(200);
  await hasSeries(worker, { tsworker_undelivered_ended_requests: 2 });
  await eventually(async () => expect(await reports("ended", "failed")()).toBeGreaterThan(0));
  await eventually(async () => expect(await reports("status", "failed")()).toBeGreaterThan(0));

  await engine.recover();
  await hasSeries(worker, { tsworker_undelivered_ended_requests: 0 });
  await eventually(async () => {
    expect(engine.totals).toMatchObject({ servedLoad: 3, ended: { Success: 2 } });
    expect((await reports("ended", "failed")()) + (await reports("status", "failed")())).toBe(engine.refused);
    expect(await reports("status", "delivered")()).toBe(engine.totals.reports);
    expect(await reports("ended", "delivered")()).toBe(1);
  });
});

test.concurrent("a session is counted while it is open; its cost is load, and ahead of no request", async ({
  cluster,
}) => {
  const [engine, model] = [await cluster.engine(), await cluster.loadedModel()];
  const worker = await cluster.worker({ engine, model });
  const auth = engine.authData({ url: worker.url, cost: 64 });
  const created = await send(`${worker.url}/session/create`, { body: { auth_data: auth, payload: {} } });
  expect(created.status).toBe(201);
  await hasSeries(worker, {
    tsworker_open_sessions: 1,
    tsworker_open_workload: 64,
    tsworker_workload_ahead: 0,
  });

  const { session_id } = created.json() as { session_id: string };
  const body = { session_id, session_auth: auth };
  expect((await send(`${worker.localUrl}/session/end`, { body })).status).toBe(200);
  await hasSeries(worker, {
    tsworker_open_sessions: 0,
    tsworker_open_workload: 0,
    tsworker_workload_received_total: 64,
    'tsworker_workload_ended_total{outcome="success"}': 64,
  });
  await eventually(() => expect(engine.totals).toMatchObject({ servedLoad: 64, ended: { Success: 1 } }));
});

test.concurrent("a scrape under traffic gets one moment of it, and nothing is counted twice or lost", async ({
  cluster,
}) => {
  const [engine, model] = [await cluster.engine(), await cluster.loadedModel()];
  const worker = await cluster.worker({ engine, model, config: { handlers: HANDLERS } });
  const prober = new Prober(engine, worker.url, 8);
  let last = 0;
  for (let scrapes = 0; scrapes < 30; scrapes++) {
    const [series] = await Promise.all([scraped(worker), scraped(worker)]);
    const [success, received, served] = [
      series.get('tsworker_requests_total{route="/work",outcome="success"}'),
      series.get("tsworker_workload_received_total"),
      series.get('tsworker_workload_ended_total{outcome="success"}'),
    ].map(Number) as [number, number, number];
    // Each request has a workload of 1: at every moment what was received is served or open.
    expect(served).toBe(success);
    expect(received).toBe(served + Number(series.get("tsworker_open_workload")));
    expect(countOf(series, "request_duration", "/work")).toBe(success);
    expect(success).toBeGreaterThanOrEqual(last);
    last = success;
  }
  await prober.stop();
  const served = prober.all("served").length;
  expect(served).toBe(prober.probed.length);
  await hasSeries(worker, {
    'tsworker_requests_total{route="/work",outcome="success"}': served,
    tsworker_open_workload: 0,
  });
});

test.concurrent("a scraper that does not wait for the answer does no harm", async ({ cluster }) => {
  const [engine, model] = [await cluster.engine(), await cluster.loadedModel()];
  const worker = await cluster.worker({ engine, model });
  for (let times = 0; times < 20; times++) {
    const client = await RawClient.connect(worker.localUrl);
    client.send("GET /metrics HTTP/1.1\r\nhost: worker\r\n\r\n");
    client.leave();
  }
  expect(statesOf(await scraped(worker))).toEqual(["ready"]);
  expect(worker.lines.filter(({ level }) => Number(level) >= 40)).toEqual([]);
  expect(worker.text).toBe("");
});
