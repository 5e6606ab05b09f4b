import { setTimeout as pause } from "node:timers/promises";
import { expect } from "vitest";
import type { EngineEvents } from "../../../src/engine/engine-events.js";
import type { Engine } from "../../../src/engine/index.js";
import { ask } from "../../support/client.js";
import { test, WORK } from "../../support/cluster.js";
import { eventually } from "../../support/eventually.js";
import type { LogLine, WorkerProcess } from "../../support/worker-process.js";

const requestLines = (worker: WorkerProcess): readonly LogLine[] =>
  worker.lines.filter(({ msg }) => msg === "request");

test.concurrent("the log is a JSON object per line, with time, level and message", async ({ cluster }) => {
  const [engine, model] = [await cluster.engine(), await cluster.loadedModel()];
  const worker = await cluster.worker({ engine, model, capacity: null });
  await ask(engine, worker, { cost: 1 }).answer;
  expect(await worker.stop()).toBe(0);
  expect(worker.text).toBe("");
  expect(worker.lines.length).toBeGreaterThan(5);
  for (const line of worker.lines) {
    expect(line).toMatchObject({ level: expect.any(Number), msg: expect.any(String) });
    expect(Date.parse(String(line.time))).toBeGreaterThan(Date.now() - 3_600_000);
  }
});

test.concurrent("at debug each request has one line: id, route, workload, wait, status, ms", async ({
  cluster,
}) => {
  const [engine, model] = [await cluster.engine(), await cluster.loadedModel()];
  const worker = await cluster.worker({ engine, model });
  await eventually(() => expect(engine.totals.loadTimes).toHaveLength(1));
  const held = ask(engine, worker, { cost: 1, fate: "hold" });
  await eventually(() => expect(model.held).toBe(1));
  const waiting = ask(engine, worker, { cost: 2 });
  const cancelled = ask(engine, worker, { cost: 3 });
  await eventually(() => expect(engine.reports.at(-1)?.cur_load).toBe(6));
  const reportedAt = performance.now();
  await pause(500);
  cancelled.leave();
  await eventually(() => expect(requestLines(worker)).toHaveLength(1));
  const heldMs = performance.now() - reportedAt;
  model.release();
  await Promise.all([held.answer, waiting.answer]);
  await ask(engine, worker, { cost: 4, fate: "break" }).answer;
  await ask(engine, worker, { cost: 5 }, { authData: { signature: "c2ln" } }).answer;

  await eventually(() => expect(requestLines(worker)).toHaveLength(5));
  const lines = requestLines(worker);
  expect(lines).toMatchObject([
    { level: 20, route: "/work", workload: 3, outcome: "cancelled" },
    { level: 20, route: "/work", workload: 1, status: 200, outcome: "success" },
    { level: 20, route: "/work", workload: 2, status: 200, outcome: "success" },
    { level: 20, route: "/work", workload: 4, status: 502, outcome: "error" },
    { level: 20, route: "/work", workload: 100, status: 401, outcome: "rejected" },
  ]);
  expect(new Set(lines.map(({ id }) => id)).size).toBe(5);
  for (const { id, wait, ms } of lines) {
    expect(id).toMatch(/^[\w-]{10,}$/);
    expect(Number(wait)).toBeGreaterThanOrEqual(0);
    expect(Number(ms)).toBeGreaterThanOrEqual(Number(wait));
  }
  // The second was held up by the first, at least from the report to the engine on.
  const [, first, second] = lines;
  expect(Number(first?.wait)).toBeLessThan(Number(second?.wait));
  expect(Number(second?.wait)).toBeGreaterThan(heldMs - 50);
});

test.concurrent("LOG_LEVEL sets how much is logged", async ({ cluster }) => {
  const [engine, model] = [await cluster.engine(), await cluster.loadedModel()];
  const start = (level: string | undefined) => cluster.spawn({ engine, model, env: { LOG_LEVEL: level } });
  const [warn, usual] = await Promise.all([start("WARN"), start(undefined)]);
  for (const worker of [warn, usual]) {
    await eventually(async () => expect((await ask(engine, worker, { cost: 1 }).answer).status).toBe(200), {
      timeoutMs: 60_000,
      intervalMs: 50,
    });
    await ask(engine, worker, { cost: 1, fate: "break" }).answer;
  }
  await usual.reaches("ready");
  await eventually(() => expect(warn.lines).toMatchObject([{ level: 40, msg: "model failed" }]));
  expect(usual.lines.map(({ level }) => level)).not.toContain(20);
  for (const worker of [warn, usual]) {
    expect(await worker.stop()).toBe(0);
    expect(worker.text).toBe("");
  }
});

/** Waits until reports have failed `times` times. */
const failures = async (engine: Engine, times: number): Promise<void> => {
  let left = times;
  await new Promise<void>((resolve) => {
    const onRefused = (..._refused: EngineEvents["refused"]): void => {
      if (--left > 0) return;
      engine.off("refused", onRefused);
      resolve();
    };
    engine.on("refused", onRefused);
  });
};

test.concurrent("token, signatures and keys are nowhere in the log, at any level, whatever fails", async ({
  cluster,
}) => {
  const token = 'the "master" \\ token';
  const [engine, model] = [await cluster.engine(), await cluster.loadedModel()];
  const env = {
    LOG_LEVEL: "trace",
    MASTER_TOKEN: token,
    // An address of one of several engines may contain a key.
    REPORT_ADDR: `${engine.url},${engine.url}/elsewhere?api_key=the-api-key`,
  };
  const handlers = [WORK, { route: "/throws", remoteFunction: "throws" }] as const;
  const worker = await cluster.worker({ engine, model, env, config: { handlers } });
  const signatures = ["not-the-signature", engine.sign(worker.url)];
  const traffic = async (): Promise<void> => {
    await ask(engine, worker, { cost: 1 }).answer;
    await ask(engine, worker, { cost: 1 }, { authData: { signature: "not-the-signature" } }).answer;
    await ask(engine, worker, { cost: 1, fate: "break" }).answer;
    await ask(engine, worker, { cost: 1 }, { route: "/throws" }).answer;
    await ask(engine, worker, { cost: 1 }, { authData: { reqnum: Number.NaN } }).answer;
    await fetch(`${worker.url}/pyworker/update?api_key=the-api-key`, {
      method: "POST",
      // The right one would have the machine updated that the test runs on.
      headers: { authorization: `Bearer ${token}x` },
    });
  };
  for (const outage of [{ kind: "status", status: 401 }, { kind: "drop" }] as const) {
    const failed = failures(engine, 2);
    await engine.outage(outage);
    await traffic();
    await failed;
  }
  await engine.outage({ kind: "refuse" });
  await traffic();
  const before = worker.lines.length;
  await eventually(() =>
    expect(worker.lines.slice(before).filter(({ msg }) => msg === "report failed")).not.toEqual([]),
  );
  await engine.recover();
  model.say("CUDA error");
  await worker.reaches("errored");
  expect(await worker.stop()).toBe(0);
  const all = worker.text + JSON.stringify(worker.lines);
  expect(all).toContain("report failed");
  for (const secret of [...signatures, token, JSON.stringify(token).slice(1, -1), "the-api-key"]) {
    expect(all).not.toContain(secret);
  }
});

const THROWING = {
  requestParser: { message: "the parser failed", status: 500 },
  responseGenerator: { message: "the generator failed", status: 500 },
  remoteFunction: { message: "the function failed", status: 500 },
  // The request is served all the same, with the usual workload.
  workloadCalculator: { message: "the calculator failed", status: 200 },
} as const;

test.concurrent("user code that throws is logged with its stack, once; the client gets no details", async ({
  cluster,
}) => {
  const [engine, model] = [await cluster.engine(), await cluster.loadedModel()];
  const handlers = [
    WORK,
    ...Object.keys(THROWING).map((option) => ({ route: `/${option}`, [option]: "throws" })),
  ];
  const worker = await cluster.worker({ engine, model, config: { handlers } });
  for (const [option, { message, status }] of Object.entries(THROWING)) {
    const before = worker.lines.length;
    const answered = await ask(engine, worker, { cost: 1 }, { route: `/${option}` }).answer;
    expect(answered.status).toBe(status);
    expect(JSON.stringify(answered.body)).not.toContain(message);
    await eventually(() =>
      expect(requestLines(worker).at(-1)).toMatchObject({ route: `/${option}`, status }),
    );
    const lines = worker.lines.slice(before).filter((line) => JSON.stringify(line).includes(message));
    expect(lines).toMatchObject([
      {
        msg: expect.stringContaining(option),
        route: `/${option}`,
        err: { message, stack: expect.stringMatching(/worker-main\.ts:\d+/) },
      },
    ]);
  }
  expect(worker.text).toBe("");
});
