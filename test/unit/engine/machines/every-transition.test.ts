import { expect, test } from "vitest";
import { createActor, SimulatedClock } from "xstate";
import { endpointMachine } from "../../../../src/engine/machines/endpoint.js";
import { engineWorkerMachine } from "../../../../src/engine/machines/worker.js";
import type { Memo, WorkerCall } from "../../../../src/engine/machines/worker-events.js";
import { workergroupMachine } from "../../../../src/engine/machines/workergroup.js";
import { Calls } from "../../../machines/support/calls.js";
import { settled } from "../../../machines/support/settled.js";
import { TransitionRecord } from "../../../machines/support/transition-record.js";
import { MEMO, readyEngineWorker, startedEngineWorker } from "./support/started-engine-worker.js";

// As for the worker's own machines: there is a way into every state and over every transition.

const replace = { type: "worker.replace", purpose: "active" } as const;

test("of a worker of the engine", async () => {
  const record = new TransitionRecord();
  const { inspect } = record;

  const unmade = startedEngineWorker({ inspect });
  unmade.ready();
  unmade.worker.send({ type: "worker.activate" });
  unmade.worker.send({ type: "worker.create" });
  unmade.ready();
  await unmade.create.fail();
  unmade.worker.send({ type: "worker.exited", message: "gone" });
  unmade.failed();
  unmade.worker.send(replace);
  unmade.ready();
  unmade.worker.send({ type: "worker.exited", message: "gone" });
  unmade.worker.send({ type: "worker.destroy" });
  await unmade.destroy.fail();
  startedEngineWorker({ inspect }).worker.send({ type: "worker.destroy" });
  startedEngineWorker({ inspect, origin: "announced" }).worker.send({ type: "worker.destroy" });

  const late = startedEngineWorker({ inspect });
  late.worker.send({ type: "worker.create" });
  await late.create.succeed(MEMO);
  await late.pass(60_000);
  late.worker.send(replace);
  late.ready();
  late.worker.send({ type: "worker.exited", message: "gone" });
  await late.stop.succeed();
  await late.pass(1000);
  late.ready();
  await late.start.succeed(MEMO);
  await late.pass(60_000);
  late.worker.send(replace);
  await late.stop.fail();
  late.worker.send({ type: "worker.destroy" });
  await late.destroy.succeed();

  const unneeded = await readyEngineWorker({ inspect });
  unneeded.failed();
  unneeded.worker.send({ type: "worker.deactivate" });
  const steady = await readyEngineWorker({ inspect });
  steady.ready();
  await steady.pass(30_000);
  steady.ready();
  await steady.pass(30_000);
  steady.report({ condition: "measured" });
  steady.report({ condition: "loading" });
  steady.worker.send({ type: "worker.exited", message: "gone" });
  steady.ready();
  steady.worker.send({ type: "worker.deactivate" });
  steady.ready();
  steady.worker.send({ type: "worker.exited", message: "gone" });
  await steady.stop.succeed();
  steady.ready();
  steady.worker.send({ type: "worker.exited", message: "gone" });
  steady.worker.send({ type: "worker.activate" });
  await steady.start.fail();
  steady.ready();
  steady.worker.send({ type: "worker.deactivate" });
  steady.worker.send({ type: "worker.activate" });
  await steady.stop.succeed();
  await steady.start.succeed(MEMO);
  steady.ready();
  await steady.pass(35_000);
  steady.ready();
  steady.worker.send({ type: "worker.deactivate" });
  await steady.stop.fail();

  startedEngineWorker({ inspect, origin: "announced" });
  startedEngineWorker({ inspect, origin: "running" });
  startedEngineWorker({ inspect, origin: "held" });
  expect(record.unentered(engineWorkerMachine)).toEqual([]);
  expect(record.untaken(engineWorkerMachine)).toEqual([]);
});

test("of a workergroup and an endpoint", async () => {
  const record = new TransitionRecord();
  const clock = new SimulatedClock();
  const create = new Calls<Memo, WorkerCall>();
  const destroy = new Calls<void, WorkerCall>();
  const manage = new Calls<void>();
  const worker = engineWorkerMachine.provide({ actors: { create: create.logic, destroy: destroy.logic } });
  const workergroup = workergroupMachine.provide({ actors: { worker } });
  const endpoint = createActor(endpointMachine.provide({ actors: { workergroup, manage: manage.logic } }), {
    clock,
    inspect: record.inspect,
    input: { timeouts: { silentMs: 35_000, startMs: 60_000 } },
  }).start();
  const pass = async (ms: number): Promise<void> => {
    clock.increment(ms);
    await settled();
  };

  endpoint.send({ type: "workergroup.added", id: 1 });
  await pass(1000);
  await manage.succeed();
  await pass(1000);
  await manage.fail();
  endpoint.send({ type: "endpoint.activate" });
  endpoint.send({ type: "endpoint.suspend" });
  endpoint.send({ type: "endpoint.activate" });
  endpoint.send({ type: "endpoint.stop" });

  const group = endpoint.getSnapshot().context.groups[1];
  const order = (id: number): void =>
    endpoint.send({ type: "worker.added", groupId: 1, id, origin: "ordered", purpose: "active" });
  order(1);
  order(2);
  await create.succeed({});
  const first = group?.getSnapshot().context.workers[1];
  const ready = (): void => first?.send({ type: "worker.reported", report: { condition: "ready" } });
  const last = async (): Promise<void> => {
    for (let waited = 0; waited <= 60_000; waited += 30_000) {
      ready();
      await pass(30_000);
    }
  };
  ready();
  await create.fail();
  first?.send({ type: "worker.reported", report: { condition: "loading" } });
  ready();
  for (let id = 3; id <= 6; id += 1) {
    order(id);
    await pass(1000 * 2 ** (id - 3));
    await create.fail();
  }
  for (let waited = 0; waited < 300_000; waited += 30_000) {
    first?.send({ type: "worker.reported", report: { condition: "loading" } });
    await pass(30_000);
  }
  order(7);
  await create.fail();
  first?.send({ type: "worker.exited", message: "gone" });
  await last();
  first?.send({ type: "worker.reported", report: { condition: "loading" } });
  await last();
  endpoint.send({
    type: "worker.relay",
    groupId: 1,
    id: 1,
    event: { type: "worker.reported", report: { condition: "loading" } },
  });
  endpoint.send({ type: "workergroup.removed", id: 1 });
  group?.send({ type: "workergroup.release" });
  group?.send({ type: "workergroup.retry" });
  while (group?.getSnapshot().status === "active") await destroy.succeed();
  endpoint.send({ type: "workergroup.added", id: 2 });
  endpoint.send({ type: "workergroup.removed", id: 2 });

  for (const machine of [workergroupMachine, endpointMachine]) {
    expect(record.unentered(machine)).toEqual([]);
    expect(record.untaken(machine)).toEqual([]);
  }
});
