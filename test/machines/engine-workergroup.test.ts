import { expect, test } from "vitest";
import { createActor, SimulatedClock } from "xstate";
import { engineWorkerMachine, type Memo, type WorkerCall } from "../../src/engine/machines/worker.js";
import { workergroupMachine } from "../../src/engine/machines/workergroup.js";
import { Calls } from "./support/calls.js";
import { settled } from "./support/settled.js";

const patience = { silentMs: 35_000, startMs: 60_000 };

function startedWorkergroup() {
  const clock = new SimulatedClock();
  const create = new Calls<Memo, WorkerCall>();
  const destroy = new Calls<void, WorkerCall>();
  const worker = engineWorkerMachine.provide({
    actors: { create: create.logic, destroy: destroy.logic },
  });
  const group = createActor(workergroupMachine.provide({ actors: { worker } }), {
    clock,
    input: { patience },
  }).start();
  let last = 0;
  return {
    group,
    create,
    destroy,
    state: () => group.getSnapshot().value,
    workers: () => Object.values(group.getSnapshot().context.workers),
    order: () => {
      last += 1;
      group.send({ type: "worker.added", id: last, origin: "ordered", purpose: "active" });
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
  const serve = () => workers()[1]?.send({ type: "worker.reported", said: { condition: "ready" } });
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
      ?.send({ type: "worker.reported", said: { condition: "ready" } });
    workers().at(-1)?.send({ type: "worker.exited", message: "gone" });
    await settled();
  }
  expect(state()).toBe("broken");
  workers()[0]?.send({ type: "worker.reported", said: { condition: "ready" } });
  expect(state()).toBe("broken");
});

test("somebody who mended the cause need not wait", async () => {
  const { group, order, create } = startedWorkergroup();
  order();
  await create.fail();
  order();
  expect(create.count).toBe(1);
  group.send({ type: "workergroup.retry" });
  expect(create.count).toBe(2);
});

test("a released group destroys its workers and forgets them", async () => {
  const { group, order, create, destroy, workers } = startedWorkergroup();
  order();
  await create.succeed({});
  group.send({ type: "workergroup.release" });
  expect(workers()).toHaveLength(1);
  await destroy.succeed();
  expect(workers()).toEqual([]);
  expect(Object.keys(group.getSnapshot().children)).toEqual([]);
});
