import { describe, expect, test } from "vitest";
import { createActor } from "xstate";
import { type QueueOrder, queueLogic } from "../../../../machines/queue.js";
import { HELLO } from "../../../../src/inspector/recorder/frame-schema.js";
import { Inspector } from "../../../../src/inspector/recorder/inspector.js";

/** An inspector of a queue with a limit of one. */
function inspected(order: QueueOrder) {
  const inspector = new Inspector({ events: 100, url: "http://worker.test:3000", scrub: (text) => text });
  const logic = inspector.recorder.recorded("queue", queueLogic);
  const queue = createActor(logic, { input: { limit: 1, order, edge: { send: () => {} } } }).start();
  return {
    arrive: (id: string, flow: string, workload = 10): void => {
      queue.send({ type: "request.arrived", id, workload, at: 0, flow, weight: 1, priority: 0 });
    },
    lane: () => {
      const hello = inspector.hello();
      expect(HELLO.safeParse(JSON.parse(JSON.stringify(hello))).success).toBe(true);
      return hello.lanes[0];
    },
  };
}

describe("the lane of a queue", () => {
  test("has the flows of a fair queue, and whose each ticket is", () => {
    const { arrive, lane } = inspected("fair");
    for (const id of ["a1", "a2", "a3"]) arrive(id, "alice");
    arrive("b1", "bob");
    expect(lane()).toMatchObject({
      running: [{ id: "a1", flow: "alice" }],
      waiting: [{ id: "a2" }, { id: "b1", flow: "bob" }, { id: "a3" }],
      flows: [
        { name: "alice", waiting: 2, running: 1, ahead: 30 },
        { name: "bob", waiting: 1, running: 0, ahead: 30 },
      ],
      flowsLeftOut: 0,
    });
  });

  test("has the 20 flows with most waiting requests, and the number of the others", () => {
    const { arrive, lane } = inspected("fair");
    for (let flow = 0; flow < 50; flow++)
      for (let request = 0; request <= flow; request++) arrive(`${flow}-${request}`, `key-${flow}`);
    expect(lane()?.flows?.map(({ name }) => name)).toEqual(
      Array.from({ length: 20 }, (_none, index) => `key-${49 - index}`),
    );
    expect(lane()?.flowsLeftOut).toBe(30);
  });

  test("has no flows where turns follow arrival", () => {
    const { arrive, lane } = inspected("fifo");
    for (const id of ["a", "b"]) arrive(id, "alice");
    expect(lane()).not.toHaveProperty("flows");
    expect(lane()?.waiting).toMatchObject([{ id: "b" }]);
  });
});
