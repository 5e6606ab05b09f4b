import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { eventually } from "../../../support/eventually.js";
import { ask, type Reply } from "../../../support/http-client.js";
import { scraped, valuesOf } from "../../../support/metrics-text.js";
import { type ModelRequest, plain, RawModel } from "../../../support/raw-model.js";
import { WorkerProcess } from "../../../support/worker-process.js";

const GREEDY_WEIGHT = 10;
const OTHERS = 99;
/** Capacity in units per second. */
const MAX_PERF = 100;

interface Sent {
  readonly key: string;
  readonly cost: number;
}

const keyOf = (name: string): string => `sk-of-${name}`;
const others = Array.from({ length: OTHERS }, (_none, index) => `client-${index}`);

let directory: string;
let model: RawModel;
let worker: WorkerProcess;
/** What came to the model, oldest first. */
let served: Sent[] = [];
/** The request that the model holds; undefined: it holds the next one. */
let held: ModelRequest | undefined;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "tsworker-fair-"));
  await writeFile(join(directory, ".has_benchmark"), String(MAX_PERF));
  model = await RawModel.start();
  model.on("/health", plain());
  worker = await WorkerProcess.start({
    directory,
    engineUrl: "",
    config: {
      modelServerUrl: "http://127.0.0.1",
      modelServerPort: model.port,
      modelHealthcheckUrl: "/health",
      access: {
        mode: "apiKey",
        keys: [
          { name: "greedy", key: keyOf("greedy"), weight: GREEDY_WEIGHT },
          { name: "urgent", key: keyOf("urgent"), maxPriority: 5 },
          ...others.map((name) => ({ name, key: keyOf(name) })),
        ],
      },
      handlers: [
        {
          route: "/fair",
          queue: "fair",
          queueOrder: "fair",
          maxQueueTime: null,
          workloadCalculator: "cost",
          benchmarkConfig: { dataset: [{}] },
        },
        {
          route: "/five-seconds",
          queue: "fair",
          queueOrder: "fair",
          maxQueueTime: 5,
          workloadCalculator: "cost",
        },
      ],
    },
  });
  for (const route of ["/fair", "/five-seconds"]) {
    model.on(route, (request) => {
      served.push(JSON.parse(request.body.toString()) as Sent);
      if (held !== undefined) return plain({ body: "{}" })(request);
      held = request;
    });
  }
});
afterEach(async () => {
  // Nothing is left of the test: neither in the queue nor in a gauge of a key.
  await eventually(async () => expect(await waiting()).toEqual([0, 0]));
});
afterAll(async () => {
  expect(await worker.stop()).toBe(0);
  expect(worker.text).toBe("");
  await model.stop();
  await rm(directory, { recursive: true });
});

/** Requests that wait: in the queue, and of all API keys. */
async function waiting(): Promise<readonly number[]> {
  const series = await scraped(worker);
  const ofKeys = valuesOf(series, "tsworker_key_waiting{").reduce((sum, value) => sum + value, 0);
  return [series.get('tsworker_queue_waiting_requests{queue="fair"}') ?? Number.NaN, ofKeys];
}

const arrived = (count: number): Promise<void> =>
  eventually(async () => expect(await waiting()).toEqual([count, count]));

const send = (
  name: string,
  cost: number,
  { route = "/fair", ...headers }: Readonly<Record<string, string>> = {},
): Promise<Reply> =>
  ask(worker.url + route, {
    headers: { authorization: `Bearer ${keyOf(name)}`, ...headers },
    body: { key: name, cost },
  });

/** The model holds a first request, so that all that `arrive` sends waits; then it answers each at once. */
async function behindOne(arrive: () => Promise<void>): Promise<void> {
  served = [];
  held = undefined;
  const first = send("client-0", 1);
  await eventually(() => expect(held).toBeDefined());
  await arrive();
  if (held !== undefined) await plain({ body: "{}" })(held);
  expect((await first).status).toBe(200);
}

test("of 100 clients, the share of a greedy one is that of its weight within 10 %", async () => {
  const replies: Promise<Reply>[] = [];
  await behindOne(async () => {
    for (let count = 0; count < 100; count++) replies.push(send("greedy", 5 + (count % 11)));
    await arrived(100);
    for (let count = 0; count < 5; count++)
      for (const [index, name] of others.entries()) replies.push(send(name, 5 + ((index + count) % 11)));
    await arrived(replies.length);
  });
  for (const { status } of await Promise.all(replies)) expect(status).toBe(200);
  const [, ...turns] = served;
  expect(turns).toHaveLength(replies.length);
  // As long as all of them have requests that wait.
  const left = new Map<string, number>();
  for (const { key } of turns) left.set(key, (left.get(key) ?? 0) + 1);
  const granted = { greedy: 0, all: 0 };
  for (const { key, cost } of turns) {
    if ([...left.values()].includes(0)) break;
    granted.all += cost;
    if (key === "greedy") granted.greedy += cost;
    left.set(key, (left.get(key) ?? 0) - 1);
  }
  const share = GREEDY_WEIGHT / (GREEDY_WEIGHT + OTHERS);
  expect(granted.all).toBeGreaterThan(2 * 10 * (OTHERS + GREEDY_WEIGHT));
  expect(granted.greedy / granted.all / share).toBeGreaterThan(0.9);
  expect(granted.greedy / granted.all / share).toBeLessThan(1.1);
  const series = await scraped(worker);
  const workload = turns.filter(({ key }) => key === "greedy").reduce((sum, { cost }) => sum + cost, 0);
  expect(series.get('tsworker_key_workload_total{key="greedy"}')).toBe(workload);
  expect(series.get('tsworker_key_requests_total{key="greedy",outcome="success"}')).toBe(100);
  expect(series.get('tsworker_key_wait_seconds_count{key="greedy"}')).toBe(100);
  expect(series.get('tsworker_key_requests_total{key="client-7",outcome="success"}')).toBe(5);
});

test("a higher priority has its turn first, as far as the key allows it", async () => {
  const replies: Promise<Reply>[] = [];
  const cost = { first: 1, bounded: 2, low: 3, high: 4, highest: 5 };
  await behindOne(async () => {
    const next = async (...sent: Parameters<typeof send>): Promise<void> => {
      replies.push(send(...sent));
      await arrived(replies.length);
    };
    await next("client-1", cost.bounded, { "x-priority": "9" });
    await next("urgent", cost.low);
    await next("urgent", cost.high, { "x-priority": "4" });
    // Bounded to 5.
    await next("urgent", cost.highest, { "x-priority": "9" });
  });
  for (const { status } of await Promise.all(replies)) expect(status).toBe(200);
  const { first, highest, high, bounded, low } = cost;
  expect(served.map((sent) => sent.cost)).toEqual([first, highest, high, bounded, low]);
});

test("a request whose deadline passes in the queue is answered 504 at once, frees its place and is counted once", async () => {
  await behindOne(async () => {
    const late = await send("urgent", 7, { "x-deadline-ms": "50" });
    expect(late.status).toBe(504);
    expect(late.json()).toMatchObject({ error: { type: "server_error", code: "deadline_exceeded" } });
    await arrived(0);
    // The first one still runs: no turn was given.
    expect(served).toHaveLength(1);
  });
  expect((await send("urgent", 8, { "x-deadline-ms": "60000" })).status).toBe(200);
  expect(served.map(({ cost }) => cost)).toEqual([1, 8]);
  const series = await scraped(worker);
  expect(series.get('tsworker_key_requests_total{key="urgent",outcome="cancelled"}')).toBe(1);
  expect(series.get('tsworker_requests_total{route="/fair",outcome="cancelled"}')).toBe(1);
  expect(series.get('tsworker_responses_total{route="/fair",status="504"}')).toBe(1);
});

test("maxQueueTime refuses a greedy client, and admits another one at the same time", async () => {
  const replies: Promise<Reply>[] = [];
  await behindOne(async () => {
    for (let count = 1; count <= 6; count++) {
      replies.push(send("client-2", MAX_PERF));
      await arrived(count);
    }
    const refused = await send("client-2", MAX_PERF, { route: "/five-seconds" });
    expect(refused.status).toBe(429);
    expect(refused.headers["retry-after"]).toMatch(/^[1-9]\d*$/);
    replies.push(send("client-3", MAX_PERF, { route: "/five-seconds" }));
    await arrived(replies.length);
  });
  for (const { status } of await Promise.all(replies)) expect(status).toBe(200);
  const series = await scraped(worker);
  expect(series.get('tsworker_key_requests_total{key="client-2",outcome="rejected"}')).toBe(1);
  expect(series.get('tsworker_key_requests_total{key="client-3",outcome="rejected"}')).toBe(0);
});
