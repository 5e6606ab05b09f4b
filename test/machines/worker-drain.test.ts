import { describe, expect, test } from "vitest";
import { readyWorker, startedWorker } from "./support/started-worker.js";

const DRAINING = { type: "traffic.closed", reason: "draining" };
const ABORTED = { type: "traffic.aborted" };
/** Kinds of reports. */
const REPORTS = 2;
const refused = (): never => {
  throw new Error("refused");
};

describe("a worker that is drained", () => {
  test("refuses new requests, waits for those admitted, delivers the last reports and stops", async () => {
    const { worker, edge, deliver, state, drain, drained } = await readyWorker();
    const before = deliver.count;
    await drain();
    expect(state()).toEqual({ draining: "finishing" });
    expect(edge.traffic.at(-1)).toEqual(DRAINING);
    deliver.answer = undefined;
    await drained();
    expect(state()).toEqual({ draining: "reporting" });
    expect(deliver.all.slice(before).map(({ input }) => input.kind)).toEqual(["status", "status", "ended"]);
    await deliver.succeed({ loadtime: 0, more: false });
    expect(state()).toEqual({ draining: "reporting" });
    await deliver.succeed({ loadtime: 0, more: false });
    expect(worker.getSnapshot()).toMatchObject({ status: "done", output: { fault: undefined } });
  });

  test("reports when no connection is left on the public port, or after 600 ms", async () => {
    const left = await readyWorker();
    left.linger.answer = undefined;
    left.deliver.answer = undefined;
    await left.drain();
    await left.drained();
    expect(left.state()).toEqual({ draining: "lingering" });
    await left.linger.succeed();
    expect(left.state()).toEqual({ draining: "reporting" });
    const open = await readyWorker();
    open.linger.answer = undefined;
    open.deliver.answer = undefined;
    await open.drain();
    await open.drained();
    await open.pass(599);
    expect(open.state()).toEqual({ draining: "lingering" });
    await open.pass(1);
    expect(open.state()).toEqual({ draining: "reporting" });
    expect(open.linger.all[0]?.signal.aborted).toBe(true);
  });

  test("ends what is still running when the drain timeout is over", async () => {
    const { edge, deliver, state, drain, pass, drained } = await readyWorker({ drainTimeoutMs: 5000 });
    await drain();
    await pass(4999);
    expect(edge.traffic.at(-1)).toEqual(DRAINING);
    await pass(1);
    expect(edge.traffic.at(-1)).toEqual(ABORTED);
    expect(state()).toEqual({ draining: "finishing" });
    deliver.answer = undefined;
    await drained();
    expect(state()).toEqual({ draining: "reporting" });
  });

  test("waits 10 s for its last reports and not longer", async () => {
    const { worker, deliver, state, drain, pass, drained } = await readyWorker();
    deliver.answer = undefined;
    await drain();
    await drained();
    await pass(9999);
    expect(state()).toEqual({ draining: "reporting" });
    await pass(1);
    expect(worker.getSnapshot().status).toBe("done");
  });

  test("tries to deliver its last reports for 10 s, every half a second, and then stops", async () => {
    const { worker, deliver, drain, state, pass, drained } = await readyWorker();
    await drain();
    deliver.answer = refused;
    await drained();
    const before = deliver.count - REPORTS;
    for (let times = 1; times < 20; times++) await pass(500);
    await pass(499);
    expect(state()).toEqual({ draining: "reporting" });
    expect(deliver.count - before).toBe(20 * REPORTS);
    await pass(1);
    expect(worker.getSnapshot()).toMatchObject({ status: "done", output: { fault: undefined } });
  });

  test("stops as soon as the engine takes its last reports after all", async () => {
    const { worker, deliver, drain, state, pass, drained } = await readyWorker();
    await drain();
    deliver.answer = refused;
    await drained();
    for (let times = 1; times <= 8; times++) await pass(500);
    expect(state()).toEqual({ draining: "reporting" });
    deliver.answer = () => ({ loadtime: 0, more: false });
    await pass(499);
    expect(state()).toEqual({ draining: "reporting" });
    await pass(1);
    expect(worker.getSnapshot().status).toBe("done");
  });

  test("does not start again when a second drain is requested", async () => {
    const { edge, state, drain, pass, drained } = await readyWorker({ drainTimeoutMs: 5000 });
    await drain();
    await pass(3000);
    await drain();
    await pass(2000);
    expect(edge.traffic.at(-1)).toEqual(ABORTED);
    await drained();
    await drain();
    expect(state()).not.toEqual({ draining: "finishing" });
  });

  test.each([
    ["loading", {}],
    ["benchmarking", { readiness: "none", hasLog: false }],
  ] as const)("drains while it is %s", async (from, input) => {
    const { edge, state, drain } = startedWorker(input);
    expect(state()).toBe(from);
    await drain();
    expect(state()).toEqual({ draining: "finishing" });
    expect(edge.traffic.at(-1)).toEqual(DRAINING);
  });

  test("stops the benchmark that it is running", async () => {
    const { benchmark, drain } = startedWorker({ readiness: "none", hasLog: false });
    await drain();
    expect(benchmark.all[0]?.signal.aborted).toBe(true);
  });

  test("does not change its state by events of the model, its health or the key", async () => {
    const { fetchKey, state, drain, log } = startedWorker({ secured: true });
    await drain();
    await log("log.loaded");
    await log("log.failed");
    await fetchKey.succeed("the key");
    expect(state()).toEqual({ draining: "finishing" });
  });

  test("still reports the error that it had", async () => {
    const { reported, drain, log } = await readyWorker();
    await log("log.failed", "Traceback");
    await drain();
    expect(reported()?.errorMsg).toBe("Traceback");
  });
});

describe("a worker that is aborted", () => {
  test.each([
    ["ready", async () => {}],
    ["errored", ({ log }: Awaited<ReturnType<typeof readyWorker>>) => log("log.failed")],
    ["draining", ({ drain }: Awaited<ReturnType<typeof readyWorker>>) => drain()],
  ] as const)("stops at once while it is %s, and ends what is running", async (_, go) => {
    const started = await readyWorker();
    await go(started);
    started.abort();
    expect(started.worker.getSnapshot()).toMatchObject({ value: "stopped", status: "done" });
    expect(started.edge.traffic.at(-1)).toEqual(ABORTED);
  });

  test("sends no more probes to the model and no more requests to the engine", async () => {
    const { deliver, probeHealth, abort, pass } = await readyWorker({ hasHealth: true });
    abort();
    const before = { reports: deliver.count, probes: probeHealth.count };
    await pass(600_000);
    expect({ reports: deliver.count, probes: probeHealth.count }).toEqual(before);
  });
});
