import { writeFile } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { expect } from "vitest";
import { ask } from "../../support/client.js";
import { type Cluster, test } from "../../support/cluster.js";
import { eventually } from "../../support/eventually.js";
import { scraped } from "../../support/metrics-text.js";
import type { WorkerProcess } from "../../support/worker-process.js";

/** How far the machine's clock is set, in seconds. */
const JUMPS = [3600, -3600];

/** A worker whose machine's clock is set forward or back by SIGUSR2. */
async function started(cluster: Cluster, jump: number) {
  const [engine, model] = [await cluster.engine(), await cluster.loadedModel()];
  const preload = `${await cluster.folder()}/jump.mjs`;
  await writeFile(
    preload,
    `const now = Date.now, Real = Date; let ms = 0;
     globalThis.Date = class extends Real { constructor(...a) { a.length > 0 ? super(...a) : super(now() + ms); } };
     globalThis.Date.now = () => now() + ms;
     process.on("SIGUSR2", () => { ms = ${jump * 1000}; console.log(JSON.stringify({ msg: "the clock was set" })); });`,
  );
  const worker = await cluster.worker({ engine, model, env: { NODE_OPTIONS: `--import=${preload}` } });
  return { engine, model, worker };
}

async function setClock(worker: WorkerProcess): Promise<void> {
  worker.child.kill("SIGUSR2");
  await eventually(() => worker.lines.some(({ msg }) => msg === "the clock was set"));
}

const post = async (url: string, body: unknown): Promise<Record<string, unknown>> =>
  (await (await fetch(url, { method: "POST", body: JSON.stringify(body) })).json()) as Record<
    string,
    unknown
  >;

for (const jump of JUMPS) {
  const set = `the clock is set ${jump > 0 ? "forward" : "back"} by an hour`;

  test.concurrent(`${set}: a request takes as long as it takes, in log, metrics and reports`, async ({
    cluster,
  }) => {
    const { engine, model, worker } = await started(cluster, jump);
    const begun = performance.now();
    const held = ask(engine, worker, { cost: 1, fate: "hold" });
    await eventually(() => expect(model.held).toBe(1));
    const waiting = ask(engine, worker, { cost: 2 });
    await eventually(() => expect(engine.reports.at(-1)?.cur_load).toBe(3));
    await setClock(worker);
    const oldest = (await scraped(worker)).get('tsworker_queue_oldest_wait_seconds{queue="serial"}');
    await sleep(300);
    model.release();
    for (const { answer } of [held, waiting]) expect((await answer).status).toBe(200);
    const seconds = (performance.now() - begun) / 1000;
    expect(oldest).toBeGreaterThanOrEqual(0);
    expect(oldest).toBeLessThan(seconds);

    await eventually(() => expect(engine.ended).toHaveLength(2));
    const now = Date.now() / 1000 + jump;
    for (const end of engine.ended) {
      const { entered_queue_at, work_started_at, work_completed_at } = end;
      expect(work_started_at).toBeGreaterThanOrEqual(entered_queue_at);
      expect(work_completed_at).toBeGreaterThanOrEqual(work_started_at);
      expect(work_completed_at - entered_queue_at).toBeGreaterThan(0.25);
      expect(work_completed_at - entered_queue_at).toBeLessThan(seconds);
      // By the clock as it is set now.
      expect(Math.abs(work_completed_at - now)).toBeLessThan(60);
    }
    const lines = worker.lines.filter(({ msg }) => msg === "request");
    for (const { ms, wait } of lines) {
      expect(ms).toBeGreaterThan(250);
      expect(ms).toBeLessThan(seconds * 1000);
      expect(wait).toBeGreaterThanOrEqual(0);
      expect(wait).toBeLessThan(seconds * 1000);
    }
    const series = await scraped(worker);
    for (const what of ["request_duration", "request_queue_wait", "request_time_to_first_byte"]) {
      const sum = series.get(`tsworker_${what}_seconds_sum{route="/work"}`);
      expect(sum, what).toBeGreaterThan(0.25);
      expect(sum, what).toBeLessThan(2 * seconds);
    }
  });

  test.concurrent(`${set}: a session ends when its time is over, and its answers have that time`, async ({
    cluster,
  }) => {
    const { engine, worker } = await started(cluster, jump);
    const auth = { auth_data: engine.authData({ url: worker.url }) };
    const open = async (lifetime: number) => {
      const created = await post(`${worker.url}/session/create`, { ...auth, payload: { lifetime } });
      return { session_id: created.session_id, session_auth: auth.auth_data };
    };
    const isOpen = async (session: object): Promise<unknown> =>
      (await post(`${worker.url}/session/health`, session)).ok;
    const openedAt = performance.now();
    const [short, long] = [await open(6), await open(600)];
    const { expiration: before } = await post(`${worker.url}/session/get`, long);
    await setClock(worker);
    const { expiration, created_at } = await post(`${worker.url}/session/get`, long);
    expect(Math.abs(Number(expiration) - Number(before) - jump)).toBeLessThan(1);
    expect(Number(expiration) - Number(created_at)).toBeCloseTo(600, 2);
    await eventually(async () => expect(await isOpen(short)).toBe(false));
    expect(performance.now() - openedAt).toBeGreaterThan(5900);
    expect(await isOpen(long)).toBe(true);
  });
}
