import { describe, expect, test } from "vitest";
import { settled } from "../../../machines/support/settled.js";
import { MEMO, readyEngineWorker, startedEngineWorker } from "./support/started-engine-worker.js";

describe("a worker that is ordered", () => {
  test("waits for its turn, is created, loads, is measured, and serves", async () => {
    const { worker, create, status, report, ready, notices } = startedEngineWorker();
    expect(status()).toBe("pending");
    worker.send({ type: "worker.create" });
    expect(status()).toBe("creating");
    await create.succeed(MEMO);
    expect(status()).toBe("created");
    report({ condition: "loading" });
    expect(status()).toBe("loading");
    report({ condition: "measured" });
    expect(status()).toBe("model_loading");
    ready();
    expect(status()).toBe("idle");
    expect(notices()).toEqual([{ type: "worker.served", id: 1 }]);
  });

  test("has failed with the provider's reason when it cannot be created", async () => {
    const { worker, create, status, notices } = startedEngineWorker();
    worker.send({ type: "worker.create" });
    await create.fail("no such program");
    expect(status()).toBe("error");
    expect(notices()).toEqual([
      { type: "worker.failed", id: 1, failure: { kind: "notCreated", message: "no such program" } },
    ]);
  });

  test("has failed when it does not report within the time for a start", async () => {
    const { worker, create, status, failure, pass } = startedEngineWorker();
    worker.send({ type: "worker.create" });
    await create.succeed(MEMO);
    await pass(59_999);
    expect(status()).toBe("created");
    await pass(1);
    expect(status()).toBe("error");
    expect(failure()?.kind).toBe("late");
  });

  test("is removed at once when it is destroyed before its turn", () => {
    const { worker, destroy, notices } = startedEngineWorker();
    worker.send({ type: "worker.destroy" });
    expect(worker.getSnapshot().status).toBe("done");
    expect(notices()).toEqual([{ type: "worker.gone", id: 1 }]);
    expect(destroy.count).toBe(0);
  });

  test("and is not needed any more is held as soon as it is ready, and may be needed again before", async () => {
    const { worker, create, report, ready, status } = startedEngineWorker();
    worker.send({ type: "worker.create" });
    await create.succeed(MEMO);
    worker.send({ type: "worker.deactivate" });
    report({ condition: "loading" });
    worker.send({ type: "worker.activate" });
    report({ condition: "measured" });
    worker.send({ type: "worker.deactivate" });
    expect(status()).toBe("model_loading");
    ready();
    expect(status()).toBe("stopping");
  });

  test("to be held is stopped as soon as it has been measured and is ready", async () => {
    const { stop, status } = await readyEngineWorker({ purpose: "inactive" });
    expect(status()).toBe("stopping");
    expect(stop.all[0]?.input).toEqual({ id: 1, memo: MEMO });
    await stop.succeed();
    expect(status()).toBe("stopped");
  });
});

describe("a worker that serves", () => {
  test("is held when it is deactivated, and starts when it is activated", async () => {
    const { worker, stop, start, ready, status } = await readyEngineWorker();
    worker.send({ type: "worker.deactivate" });
    expect(status()).toBe("stopping");
    await stop.succeed();
    worker.send({ type: "worker.activate" });
    expect(status()).toBe("starting");
    await start.succeed({ folder: "/w/1", pid: 2 });
    expect(worker.getSnapshot().context.memo).toEqual({ folder: "/w/1", pid: 2 });
    ready();
    expect(status()).toBe("idle");
  });

  test("starts again at once when it is activated while it stops", async () => {
    const { worker, stop, start, status } = await readyEngineWorker();
    worker.send({ type: "worker.deactivate" });
    worker.send({ type: "worker.activate" });
    expect(start.count).toBe(0);
    await stop.succeed();
    expect(status()).toBe("starting");
    expect(start.count).toBe(1);
  });

  test("is not disturbed by what it reports while it stops", async () => {
    const { worker, ready, failed, status } = await readyEngineWorker();
    worker.send({ type: "worker.deactivate" });
    ready();
    failed();
    expect(status()).toBe("stopping");
  });

  test("has failed when it is silent for too long, each report beginning the time anew", async () => {
    const { ready, pass, status, failure } = await readyEngineWorker();
    await pass(34_000);
    ready();
    await pass(34_999);
    expect(status()).toBe("idle");
    await pass(1);
    expect(status()).toBe("error");
    expect(failure()).toEqual({ kind: "silent", message: "no report for 35 s" });
  });

  test("has failed with what it reports, and serves again when it reports that it is ready", async () => {
    const { ready, failed, status, failure, notices } = await readyEngineWorker();
    failed("CUDA out of memory");
    failed("CUDA out of memory");
    expect(status()).toBe("error");
    expect(failure()).toEqual({ kind: "errored", message: "CUDA out of memory" });
    expect(notices().filter(({ type }) => type === "worker.failed")).toHaveLength(1);
    ready();
    expect(status()).toBe("idle");
  });

  test("has failed when its process ends by itself", async () => {
    const { worker, status, failure } = await readyEngineWorker();
    worker.send({ type: "worker.exited", message: "exit code 1" });
    expect(status()).toBe("error");
    expect(failure()).toEqual({ kind: "exited", message: "exit code 1" });
  });
});

describe("a worker that failed", () => {
  const replace = { type: "worker.replace", purpose: "active" } as const;

  test("is rebooted twice, later each time, and destroyed then", async () => {
    const { worker, stop, start, destroy, failed, pass, status, notices } = await readyEngineWorker();
    for (const wait of [1000, 2000]) {
      failed();
      worker.send(replace);
      expect(status()).toBe("rebooting");
      await stop.succeed();
      await pass(wait - 1);
      expect(status()).toBe("rebooting");
      await pass(1);
      expect(status()).toBe("starting");
      await start.succeed(MEMO);
    }
    failed();
    worker.send(replace);
    expect(status()).toBe("destroying");
    await destroy.succeed();
    expect(worker.getSnapshot().status).toBe("done");
    expect(notices().at(-1)).toEqual({ type: "worker.gone", id: 1 });
  });

  test("may be rebooted anew when it has served for a minute", async () => {
    const { worker, stop, start, failed, ready, pass, status } = await readyEngineWorker();
    for (let times = 0; times < 4; times += 1) {
      failed();
      worker.send(replace);
      await stop.succeed();
      await pass(1000);
      await start.succeed(MEMO);
      ready();
      await pass(30_000);
      ready();
      await pass(30_000);
      ready();
    }
    expect(status()).toBe("idle");
  });

  test("is held, and what runs of it ended, when its endpoint is stopped", async () => {
    const { worker, failed, stop, status } = await readyEngineWorker();
    failed();
    worker.send({ type: "worker.deactivate" });
    expect(status()).toBe("stopping");
    await stop.succeed();
    expect(status()).toBe("stopped");
  });

  test("by silence is not rebooted but destroyed", async () => {
    const { worker, pass, status } = await readyEngineWorker();
    await pass(35_000);
    worker.send(replace);
    expect(status()).toBe("destroying");
  });

  test("serves what it is replaced for", async () => {
    const { worker, failed, stop, start, pass, ready, status } = await readyEngineWorker();
    failed();
    worker.send({ type: "worker.replace", purpose: "inactive" });
    await stop.succeed();
    await pass(1000);
    await start.succeed(MEMO);
    ready();
    expect(status()).toBe("stopping");
  });

  test("is removed even when the provider cannot destroy it", async () => {
    const { worker, destroy } = await readyEngineWorker();
    worker.send({ type: "worker.destroy" });
    await destroy.fail();
    expect(worker.getSnapshot().status).toBe("done");
  });
});

describe("a worker that announced itself", () => {
  test("is recognized by its reports, and nothing is done to it", async () => {
    const { worker, failed, ready, status, stop } = startedEngineWorker({ origin: "announced" });
    expect(status()).toBe("loading");
    ready();
    worker.send({ type: "worker.deactivate" });
    failed();
    worker.send({ type: "worker.replace", purpose: "active" });
    await settled();
    expect(status()).toBe("error");
    expect(stop.count).toBe(0);
  });
});

describe("after a restart of the engine", () => {
  test("a worker that ran is started again with what was remembered of it", () => {
    const { status, start } = startedEngineWorker({ origin: "running", memo: MEMO });
    expect(status()).toBe("starting");
    expect(start.all[0]?.input.memo).toEqual(MEMO);
  });

  test("a worker that was held is held", () => {
    const { status, start } = startedEngineWorker({ origin: "held", memo: MEMO, purpose: "inactive" });
    expect(status()).toBe("stopped");
    expect(start.count).toBe(0);
  });
});
