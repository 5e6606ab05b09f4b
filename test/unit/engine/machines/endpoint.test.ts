import { expect, test } from "vitest";
import { createActor, SimulatedClock } from "xstate";
import { endpointMachine } from "../../../../src/engine/machines/endpoint.js";
import { Calls } from "../../../machines/support/calls.js";
import { settled } from "../../../machines/support/settled.js";

const timeouts = { silentMs: 35_000, startMs: 60_000 };

function startedEndpoint() {
  const clock = new SimulatedClock();
  const manage = new Calls<void>();
  manage.answer = () => {};
  const endpoint = createActor(endpointMachine.provide({ actors: { manage: manage.logic } }), {
    clock,
    input: { timeouts },
  }).start();
  return {
    endpoint,
    manage,
    pass: async (seconds: number) => {
      for (let passed = 0; passed < seconds; passed += 1) {
        clock.increment(1000);
        await settled();
      }
    },
  };
}

test("an active endpoint is planned once a second", async () => {
  const { manage, pass } = startedEndpoint();
  await pass(5);
  expect(manage.count).toBe(5);
});

test("a plan that fails does not end the planning", async () => {
  const { manage, pass } = startedEndpoint();
  manage.answer = () => {
    throw new Error("no plan");
  };
  await pass(3);
  expect(manage.count).toBe(3);
});

test.each(["endpoint.suspend", "endpoint.stop"] as const)(
  "after %s it is not planned until it is active again",
  async (type) => {
    const { endpoint, manage, pass } = startedEndpoint();
    endpoint.send({ type });
    await pass(5);
    expect(manage.count).toBe(0);
    endpoint.send({ type: "endpoint.activate" });
    await pass(1);
    expect(manage.count).toBe(1);
  },
);

test("a stopped endpoint makes its workers inactive", async () => {
  const { endpoint } = startedEndpoint();
  const facts: unknown[] = [];
  endpoint.on("worker.changed", ({ worker }) => facts.push(worker));
  endpoint.send({ type: "workergroup.added", id: 1 });
  endpoint.send({ type: "worker.added", groupId: 1, id: 7, origin: "held", purpose: "active" });
  expect(facts.at(-1)).toMatchObject({ id: 7, status: "stopped", purpose: "active" });
  endpoint.send({ type: "endpoint.stop" });
  await settled();
  expect(facts.at(-1)).toMatchObject({ id: 7, status: "stopped", purpose: "inactive" });
});

test("a removed workergroup goes with its last worker", () => {
  const { endpoint } = startedEndpoint();
  const gone: number[] = [];
  endpoint.on("worker.gone", ({ id }) => gone.push(id));
  endpoint.send({ type: "workergroup.added", id: 1 });
  endpoint.send({ type: "worker.added", groupId: 1, id: 7, origin: "announced", purpose: "active" });
  endpoint.send({ type: "workergroup.removed", id: 1 });
  expect(gone).toEqual([7]);
  expect(endpoint.getSnapshot().context.groups).toEqual({});
  endpoint.send({ type: "worker.added", groupId: 1, id: 8, origin: "announced", purpose: "active" });
  endpoint.send({ type: "worker.relay", groupId: 1, id: 8, event: { type: "worker.destroy" } });
  expect(endpoint.getSnapshot().status).toBe("active");
});
