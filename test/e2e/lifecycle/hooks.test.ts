import { once } from "node:events";
import { createServer } from "node:net";
import { expect } from "vitest";
import { ask } from "../../support/client.js";
import { test } from "../../support/cluster.js";
import { eventually } from "../../support/eventually.js";
import { failed } from "../../support/failed-start.js";
import type { NamedConfig } from "../../support/worker-main.js";
import type { WorkerProcess } from "../../support/worker-process.js";

/** A worker whose model is started by its own code, without a log. */
const startedBy = (lifecycle: NonNullable<NamedConfig["lifecycle"]>, rest: Partial<NamedConfig> = {}) => ({
  lifecycle,
  modelLogFile: undefined,
  logActionConfig: undefined,
  ...rest,
});

/**
 * What happened so far, oldest first: the states that the worker entered, and what the user's code logged. It is
 * in `verifying` only where the engine's key is late.
 */
const story = ({ lines }: WorkerProcess): readonly string[] =>
  lines.flatMap(({ msg, state }) => {
    if (msg === "state" && state !== "verifying") return [String(state)];
    return /^(lifecycle (starts|stops)|start aborted)$/.test(msg) ? [msg] : [];
  });

/** The message of the error that `stop` received. */
const errorAtStop = ({ lines }: WorkerProcess): unknown =>
  lines.find(({ msg }) => msg === "lifecycle stops")?.error;

/** Waits for the end of a worker after its signal, and for the end of its output. */
const hasEnded = (worker: WorkerProcess) =>
  eventually(() => worker.child.exitCode !== null && worker.child.stdout?.readableEnded === true, {
    timeoutMs: 60_000,
  });

test.concurrent("the worker is ready when `start` has ended, and `stop` is called once when all is done", async ({
  cluster,
}) => {
  const [engine, model] = [await cluster.engine(), await cluster.model()];
  const worker = await cluster.worker({ engine, model, config: startedBy("untilSignalled") }, "loading");
  // The port is open meanwhile, and answers that the worker is not ready, as soon as it has the key that verifies clients.
  await eventually(async () =>
    expect(await ask(engine, worker, { cost: 1 }).answer).toMatchObject({ status: 503 }),
  );
  expect(story(worker)).toEqual(["lifecycle starts", "loading"]);

  worker.child.kill("SIGUSR2");
  await worker.reaches("ready");
  await eventually(() => expect(engine.reports.at(-1)).toMatchObject({ error_msg: "", max_perf: 1000 }));
  const held = ask(engine, worker, { cost: 2, fate: "hold" });
  await eventually(() => expect(model.held).toBe(1));

  worker.child.kill("SIGTERM");
  await worker.reaches("draining");
  model.release();
  expect((await held.answer).status).toBe(200);
  await hasEnded(worker);
  expect(worker.child.exitCode).toBe(0);
  expect(story(worker)).toEqual([
    "lifecycle starts",
    "loading",
    "benchmarking",
    "ready",
    "draining",
    "stopped",
    "lifecycle stops",
  ]);
  expect(engine.totals).toMatchObject({ servedLoad: 2, ended: { Success: 1 } });
  expect(errorAtStop(worker)).toBeUndefined();
});

test.concurrent("a `start` that fails: errored with its message, reported to the engine; another try after 10 s", async ({
  cluster,
}) => {
  const [engine, model] = [await cluster.engine(), await cluster.model()];
  const worker = await cluster.worker({ engine, model, config: startedBy("failsOnce") }, "errored");
  await eventually(() => expect(engine.reports.at(-1)?.error_msg).toBe("lifecycle.start failed: no GPU"));
  expect(await ask(engine, worker, { cost: 1 }).answer).toMatchObject({ status: 503 });

  await worker.reaches("ready");
  await eventually(() => expect(engine.reports.at(-1)).toMatchObject({ error_msg: "", max_perf: 1000 }));
  expect((await ask(engine, worker, { cost: 1 }).answer).status).toBe(200);
  expect(story(worker)).toEqual([
    "lifecycle starts",
    "loading",
    "errored",
    "lifecycle starts",
    "benchmarking",
    "ready",
  ]);
});

test.concurrent("`stop` is called after a `start` that failed, too, with that error", async ({ cluster }) => {
  const [engine, model] = [await cluster.engine(), await cluster.model()];
  const worker = await cluster.worker({ engine, model, config: startedBy("failsOnce") }, "errored");
  expect(await worker.stop()).toBe(0);
  await hasEnded(worker);
  expect(story(worker)).toEqual([
    "lifecycle starts",
    "loading",
    "errored",
    "draining",
    "stopped",
    "lifecycle stops",
  ]);
  expect(errorAtStop(worker)).toBe("lifecycle.start failed: no GPU");
});

test.concurrent("a `start` that still runs when the worker stops has its signal aborted", async ({
  cluster,
}) => {
  const [engine, model] = [await cluster.engine(), await cluster.model()];
  const worker = await cluster.worker({ engine, model, config: startedBy("untilAborted") }, "loading");
  await eventually(() => expect(story(worker)).toContain("lifecycle starts"));
  expect(await worker.stop()).toBe(0);
  await hasEnded(worker);
  expect(story(worker).filter((each) => each === "start aborted")).toHaveLength(1);
  expect(story(worker).filter((each) => each === "lifecycle stops")).toHaveLength(1);
  // Its end, which comes late, is no start any more.
  expect(worker.states).toEqual(["loading", "draining", "stopped"]);
});

test.concurrent("with a `readiness`, the end of `start` alone does not count", async ({ cluster }) => {
  const [engine, model] = [await cluster.engine(), await cluster.model()];
  model.health = 503;
  const config = startedBy("starts", { readiness: "health", modelHealthcheckUrl: "/health" });
  const worker = await cluster.worker({ engine, model, config }, "loading");
  await eventually(() => expect(model.probes).toBeGreaterThanOrEqual(2));
  expect(story(worker)).toEqual(["lifecycle starts", "loading"]);
  model.health = 200;
  await worker.reaches("ready");
});

test.concurrent("a `stop` that throws is one line in the log, and the process ends well", async ({
  cluster,
}) => {
  const [engine, model] = [await cluster.engine(), await cluster.loadedModel()];
  const worker = await cluster.worker({ engine, model, config: { lifecycle: "stopThrows" } });
  expect(await worker.stop()).toBe(0);
  await hasEnded(worker);
  expect(worker.lines.filter(({ msg }) => msg === "lifecycle.stop failed")).toMatchObject([
    { err: { message: "the GPU is gone" } },
  ]);
  expect(worker.text).toBe("");
});

test.concurrent("a `stop` that hangs does not hold the process for ever", async ({ cluster }) => {
  const [engine, model] = [await cluster.engine(), await cluster.loadedModel()];
  const worker = await cluster.worker({ engine, model, config: { lifecycle: "stopHangs" } });
  expect(await worker.stop()).toBe(0);
  await hasEnded(worker);
  expect(worker.lines.filter(({ msg }) => msg === "lifecycle.stop failed")).toMatchObject([
    { err: { message: "it did not end within 10000 ms" } },
  ]);
});

for (const when of ["during the drain", "while `stop` runs"] as const) {
  test.concurrent(`a second signal ${when}: \`stop\` is called once, and not waited for`, async ({
    cluster,
  }) => {
    const [engine, model] = [await cluster.engine(), await cluster.loadedModel()];
    const worker = await cluster.worker({ engine, model, config: { lifecycle: "stopHangs" } });
    const held = ask(engine, worker, { cost: 1, fate: "hold" });
    await eventually(() => expect(model.held).toBe(1));
    worker.child.kill("SIGTERM");
    await worker.reaches("draining");
    if (when === "while `stop` runs") {
      model.release();
      expect((await held.answer).status).toBe(200);
      await eventually(() => expect(story(worker)).toContain("lifecycle stops"));
    }
    expect(await worker.stop("SIGTERM")).toBe(0);
    await hasEnded(worker);
    expect(story(worker).filter((each) => each === "lifecycle stops")).toHaveLength(1);
    expect(worker.lines.filter(({ msg }) => msg === "lifecycle.stop failed")).toMatchObject([
      { err: { message: "a second signal came, so that it was not waited for" } },
    ]);
  });
}

test.concurrent("a worker that cannot listen starts nothing, and has nothing to stop", async ({
  cluster,
  onTestFinished,
}) => {
  const taker = createServer().listen(0);
  await once(taker, "listening");
  onTestFinished(() => void taker.close());
  const { port } = taker.address() as { port: number };
  const [engine, model] = [await cluster.engine(), await cluster.model()];
  const env = { WORKER_PORT: String(port), [`VAST_TCP_PORT_${port}`]: String(port) };
  const worker = await cluster.spawn({ engine, model, config: startedBy("starts"), env });
  await failed(worker);
  expect(worker.text).toContain("PORT_UNAVAILABLE");
  expect(story(worker)).toEqual([]);
});
