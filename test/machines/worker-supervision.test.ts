import { describe, expect, test } from "vitest";
import { MAX_REPLACED } from "../../machines/worker-setup.js";
import { FATAL_REQUEST, readyWorker, startedWorker } from "./support/started-worker.js";

const arrived = (id: string) => ({ type: "request.arrived", id, workload: 1, at: 0 }) as const;

describe("a queue that fails", () => {
  test("is replaced, and the edge is given the new one", async () => {
    const { edge, state } = await readyWorker();
    edge.opened("serial")[0]?.send(arrived(FATAL_REQUEST));
    const [old, replacement, ...more] = edge.opened("serial");
    expect(more).toEqual([]);
    expect(replacement).not.toBe(old);
    replacement?.send(arrived("next"));
    expect(edge.received.at(-1)).toEqual({ type: "request.granted", id: "next" });
    expect(state()).toBe("ready");
  });

  test("is replaced with its own limit, and the other queues are left alone", async () => {
    const { edge } = await readyWorker({
      queues: [
        { name: "one", limit: 1 },
        { name: "two", limit: 2 },
      ],
    });
    edge.opened("two")[0]?.send(arrived(FATAL_REQUEST));
    expect(edge.opened("one")).toHaveLength(1);
    const replacement = edge.opened("two")[1];
    for (const id of ["a", "b", "c"]) replacement?.send(arrived(id));
    const granted = edge.received.filter(({ type }) => type === "request.granted");
    expect(granted).toEqual([
      { type: "request.granted", id: "a" },
      { type: "request.granted", id: "b" },
    ]);
  });

  test("can die again", async () => {
    const { edge } = await readyWorker();
    edge.opened("serial")[0]?.send(arrived(FATAL_REQUEST));
    edge.opened("serial")[1]?.send(arrived(FATAL_REQUEST));
    expect(edge.opened("serial")).toHaveLength(3);
  });
});

describe("a model actor that fails", () => {
  test("is replaced, and the log is read on", async () => {
    const { logsRead, state, kill, log } = await readyWorker();
    await kill("model");
    expect(state()).toBe("ready");
    expect(logsRead()).toBe(2);
    await log("log.failed");
    expect(state()).toBe("errored");
  });

  test("does not end the watch over the health of a ready worker", async () => {
    const { probeHealth, state, kill, pass } = await readyWorker({ hasHealth: true });
    await kill("model");
    await pass(10_000);
    await probeHealth.fail("status 503");
    expect(state()).toBe("errored");
  });

  test("does not end the watch for the recovery of an errored worker", async () => {
    const { probeHealth, state, kill, log, pass } = await readyWorker({ hasHealth: true });
    await log("log.failed");
    await kill("model");
    await pass(10_000);
    await probeHealth.succeed();
    expect(state()).toBe("ready");
  });

  test("does not keep a loading worker from loading", async () => {
    const { state, kill, log } = startedWorker();
    await kill("model");
    await log("log.loaded");
    expect(state()).toBe("benchmarking");
  });
});

describe("a key actor that fails", () => {
  test("is replaced, and the key is fetched again", async () => {
    const { fetchKey, edge, kill } = startedWorker({ secured: true });
    await kill("key");
    expect(fetchKey.count).toBe(2);
    fetchKey.all[1]?.resolve("the key");
    await kill("model");
    expect(edge.received).toContainEqual({ type: "key.held", pem: "the key" });
  });
});

describe("a reporter that fails", () => {
  test("is replaced by one that reports the worker's condition", async () => {
    const { deliver, reported, kill, pass } = await readyWorker();
    const before = deliver.count;
    await kill("reporter.status");
    await pass(1000);
    expect(deliver.count).toBeGreaterThan(before);
    expect(reported()).toMatchObject({ maxPerf: 50, errorMsg: "" });
  });

  test("leaves nothing unreported: its replacement checks what has ended", async () => {
    const { deliver, kill, pass } = await readyWorker();
    await kill("reporter.ended");
    await pass(1000);
    expect(deliver.all.filter(({ input }) => input.kind === "ended")).toHaveLength(1);
  });

  test.each(["reporter.status", "reporter.ended"])(
    "in its last sending is replaced: %s still delivers before the worker stops",
    async (id) => {
      const { worker, edge, deliver, kill, drain } = await readyWorker();
      await drain();
      deliver.answer = undefined;
      edge.drained();
      await kill(id);
      deliver.answer = () => ({ loadtime: 0, more: false });
      await deliver.succeed({ loadtime: 0, more: false });
      await deliver.succeed({ loadtime: 0, more: false });
      expect(worker.getSnapshot().status).toBe("done");
    },
  );
});

describe("a worker that cannot continue", () => {
  test("stops when its edge fails, with the cause of that failure", async () => {
    const { worker, edge, log } = await readyWorker();
    edge.fatal = new Error("the edge broke");
    await log("log.failed");
    expect(worker.getSnapshot()).toMatchObject({
      status: "done",
      output: { fault: { of: "actor", message: "actor edge: the edge broke" } },
    });
  });

  test(`stops when more than ${MAX_REPLACED} of its actors have died`, async () => {
    const { worker, kill } = await readyWorker();
    for (let deaths = 1; deaths <= MAX_REPLACED; deaths++) await kill("model");
    expect(worker.getSnapshot().status).toBe("active");
    await kill("model", new Error("once too often"));
    expect(worker.getSnapshot()).toMatchObject({
      status: "done",
      output: { fault: { of: "actor", message: "actor model: once too often" } },
    });
  });
});
