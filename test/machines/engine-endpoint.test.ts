import { expect, test } from "vitest";
import { createActor, SimulatedClock } from "xstate";
import { endpointMachine } from "../../src/engine/machines/endpoint.js";
import { Calls } from "./support/calls.js";
import { settled } from "./support/settled.js";

const patience = { silentMs: 35_000, startMs: 60_000 };

function startedEndpoint() {
  const clock = new SimulatedClock();
  const manage = new Calls<void>();
  manage.answer = () => {};
  const endpoint = createActor(endpointMachine.provide({ actors: { manage: manage.logic } }), {
    clock,
    input: { patience },
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

test("an active endpoint is looked after once a second", async () => {
  const { manage, pass } = startedEndpoint();
  await pass(5);
  expect(manage.count).toBe(5);
});

test("a look that fails does not end the looking", async () => {
  const { manage, pass } = startedEndpoint();
  manage.answer = () => {
    throw new Error("no plan");
  };
  await pass(3);
  expect(manage.count).toBe(3);
});

test.each(["endpoint.suspend", "endpoint.stop"] as const)(
  "after %s it is left alone until it is active again",
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

test("a stopped endpoint has its workers held", async () => {
  const { endpoint } = startedEndpoint();
  endpoint.send({ type: "workergroup.added", id: 1 });
  const group = endpoint.getSnapshot().context.groups[1];
  group?.send({ type: "worker.added", id: 1, origin: "held", purpose: "active" });
  endpoint.send({ type: "endpoint.stop" });
  await settled();
  expect(group?.getSnapshot().context.workers[1]?.getSnapshot().context.purpose).toBe("inactive");
  endpoint.send({ type: "workergroup.removed", id: 1 });
  expect(endpoint.getSnapshot().context.groups).toEqual({});
});
