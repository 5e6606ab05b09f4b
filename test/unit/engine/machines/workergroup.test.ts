import { expect, test } from "vitest";
import { createActor, SimulatedClock } from "xstate";
import { engineWorkerMachine } from "../../../../src/engine/machines/worker.js";
import type { Memo, WorkerCall } from "../../../../src/engine/machines/worker-events.js";
import { type WorkergroupNotice, workergroupMachine } from "../../../../src/engine/machines/workergroup.js";
import { Calls } from "../../../machines/support/calls.js";
import { listener } from "../../../machines/support/listener.js";
import { settled } from "../../../machines/support/settled.js";

const timeouts = { silentMs: 35_000, startMs: 60_000 };

function startedWorkergroup() {
  const clock = new SimulatedClock();
  const create = new Calls<Memo, WorkerCall>();
  const destroy = new Calls<void, WorkerCall>();
  const worker = engineWorkerMachine.provide({
    actors: { create: create.logic, destroy: destroy.logic },
  });
  const endpoint = listener<WorkergroupNotice>();
  const group = createActor(workergroupMachine.provide({ actors: { worker } }), {
    clock,
    input: { id: 3, timeouts, endpoint: endpoint.ref },
  }).start();
  let last = 0;
  return {
    group,
    create,
    destroy,
    notices: endpoint.received,
    state: () => group.getSnapshot().value,
    workers: () => Object.values(group.getSnapshot().context.workers),
    order: () => {
      last += 1;
      group.send({ type: "worker.added", groupId: 3, id: last, origin: "ordered", purpose: "active" });
    },
    pass: async (ms: number) => {
      clock.increment(ms);
      await settled();
    },
  };
}

test("a worker that is ordered is created at once", () => {
  const { order, create } = startedWorkergroup();
  order();
  order();
  expect(create.all.map(({ input }) => input.id)).toEqual([1, 2]);
});

test("after a failure creation waits, twice as long each time, and after five it rests for five minutes", async () => {
  const { order, create, pass, state } = startedWorkergroup();
  order();
  await create.fail();
  for (const [index, wait] of [1000, 2000, 4000, 8000].entries()) {
    order();
    expect(state()).toBe("backingOff");
    await pass(wait - 1);
    expect(create.count).toBe(index + 1);
    await pass(1);
    expect(create.count).toBe(index + 2);
    await create.fail(`failure ${index + 2}`);
  }
  expect(state()).toBe("broken");
  order();
  await pass(299_999);
  expect(create.count).toBe(5);
  await pass(1);
  expect(create.count).toBe(6);
  await create.fail();
  expect(state()).toBe("broken");
});

test("a worker that becomes ready ends the wait, and one that serves for a minute makes up for all failures", async () => {
  const { group, order, create, pass, state, workers } = startedWorkergroup();
  order();
  order();
  await create.fail();
  expect(state()).toBe("backingOff");
  await create.succeed({});
  const serve = () => workers()[1]?.send({ type: "worker.reported", report: { condition: "ready" } });
  serve();
  await settled();
  expect(state()).toBe("recruiting");
  expect(group.getSnapshot().context.failures).toBe(1);
  await pass(30_000);
  serve();
  await pass(30_000);
  expect(group.getSnapshot().context.failures).toBe(0);
});

test("workers that fail as soon as they serve lead to the same rest", async () => {
  const { order, create, pass, state, workers } = startedWorkergroup();
  for (let times = 1; times <= 5; times += 1) {
    order();
    await pass(8000);
    expect(create.count).toBe(times);
    await create.succeed({});
    workers()
      .at(-1)
      ?.send({ type: "worker.reported", report: { condition: "ready" } });
    workers().at(-1)?.send({ type: "worker.exited", message: "gone" });
    await settled();
  }
  expect(state()).toBe("broken");
  workers()[0]?.send({ type: "worker.reported", report: { condition: "ready" } });
  expect(state()).toBe("broken");
});

test("a retry ends the back-off", async () => {
  const { group, order, create } = startedWorkergroup();
  order();
  await create.fail();
  order();
  expect(create.count).toBe(1);
  group.send({ type: "workergroup.retry" });
  expect(create.count).toBe(2);
});

test("a released group destroys its workers, and is done with the last of them", async () => {
  const { group, order, create, destroy, workers, notices } = startedWorkergroup();
  order();
  await create.succeed({});
  group.send({ type: "workergroup.release" });
  expect(workers()).toHaveLength(1);
  expect(group.getSnapshot().status).toBe("active");
  await destroy.succeed();
  expect(workers()).toEqual([]);
  expect(Object.keys(group.getSnapshot().children)).toEqual([]);
  expect(group.getSnapshot().status).toBe("done");
  expect(notices.slice(-2)).toEqual([
    { type: "worker.gone", id: 1 },
    { type: "workergroup.released", id: 3 },
  ]);
});

test("a released group without workers is done at once", () => {
  const { group, notices } = startedWorkergroup();
  group.send({ type: "workergroup.release" });
  expect(group.getSnapshot().status).toBe("done");
  expect(notices).toEqual([{ type: "workergroup.released", id: 3 }]);
});

test("five failures in a row are reported once, with the last of them", async () => {
  const { order, create, pass, notices } = startedWorkergroup();
  const reported = () => notices.filter(({ type }) => type === "workergroup.broken");
  for (let failures = 1; failures <= 5; failures += 1) {
    expect(reported()).toEqual([]);
    order();
    await pass(8000);
    await create.fail(`failure ${failures}`);
  }
  const lastFailure = { kind: "notCreated", message: "failure 5" };
  expect(reported()).toEqual([{ type: "workergroup.broken", id: 3, failures: 5, lastFailure }]);
});

test("changes of its workers are reported to the endpoint, and events for a worker reach that worker alone", async () => {
  const { group, order, create, workers, notices } = startedWorkergroup();
  order();
  order();
  await create.succeed({});
  await create.succeed({});
  group.send({
    type: "worker.relay",
    groupId: 3,
    id: 2,
    event: { type: "worker.reported", report: { condition: "ready" } },
  });
  group.send({ type: "worker.relay", groupId: 3, id: 9, event: { type: "worker.destroy" } });
  expect(workers().map((worker) => worker.getSnapshot().context.status)).toEqual(["created", "idle"]);
  const last = notices.at(-1);
  expect(last).toMatchObject({ type: "worker.changed", worker: { id: 2, status: "idle", memo: {} } });
});
