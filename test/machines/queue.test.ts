import { describe, expect, test } from "vitest";
import { createActor } from "xstate";
import type { Outcome, RequestGranted } from "../../machines/events.js";
import { type QueueOrder, queueLogic } from "../../machines/queue.js";
import { listener } from "./support/listener.js";

function startedQueue(limit: number, order?: QueueOrder) {
  const edge = listener<RequestGranted>();
  const queue = createActor(queueLogic, { input: { limit, order, edge: edge.ref } }).start();
  return {
    queue,
    granted: () => edge.received.map(({ id }) => id),
    arrive: (...ids: string[]) => {
      for (const id of ids) queue.send({ type: "request.arrived", id, workload: 1, at: 0 });
    },
    end: (id: string, outcome: Outcome = "success") =>
      queue.send({ type: "request.ended", id, outcome, at: 0 }),
    counts: () => queue.getSnapshot().context,
  };
}

describe("a queue", () => {
  test("grants each request its turn once, in the order of arrival", () => {
    const { arrive, end, granted } = startedQueue(1);
    arrive("a", "b", "c");
    expect(granted()).toEqual(["a"]);
    end("a");
    end("b", "error");
    expect(granted()).toEqual(["a", "b", "c"]);
  });

  test("grants no turn to a request that ended while it waited", () => {
    const { arrive, end, granted } = startedQueue(1);
    arrive("a", "b", "c");
    end("b", "cancelled");
    end("a");
    expect(granted()).toEqual(["a", "c"]);
  });

  test("gives the place of a request that was cancelled while it ran to the next", () => {
    const { arrive, end, granted } = startedQueue(1);
    arrive("a", "b");
    end("a", "cancelled");
    expect(granted()).toEqual(["a", "b"]);
  });

  test("runs as many at once as its limit allows", () => {
    const { arrive, end, granted, counts } = startedQueue(3);
    arrive("a", "b", "c", "d", "e");
    expect(granted()).toEqual(["a", "b", "c"]);
    expect(counts()).toEqual({ limit: 3, running: 3, waiting: 2 });
    end("b");
    expect(granted()).toEqual(["a", "b", "c", "d"]);
    expect(counts()).toEqual({ limit: 3, running: 3, waiting: 1 });
  });

  test("ignores the end of an unknown request, as after it was replaced", () => {
    const { arrive, end, granted, counts } = startedQueue(1);
    arrive("a", "b");
    end("from an earlier queue");
    expect(granted()).toEqual(["a"]);
    expect(counts()).toEqual({ limit: 1, running: 1, waiting: 1 });
  });

  test('with the order "fair" grants turns by flow and priority', () => {
    const { queue, arrive, end, granted } = startedQueue(1, "fair");
    arrive("first");
    for (const [id, flow] of ["a1", "a2", "a3", "b1"].map((each) => [each, each.charAt(0)] as const))
      queue.send({ type: "request.arrived", id, workload: 1, at: 0, flow, weight: 1, priority: 0 });
    queue.send({ type: "request.arrived", id: "urgent", workload: 1, at: 0, flow: "b", priority: 1 });
    for (const id of ["first", "urgent", "a1", "b1", "a2"]) end(id);
    expect(granted()).toEqual(["first", "urgent", "a1", "b1", "a2", "a3"]);
  });

  test('ignores flows and priorities in the order "fifo"', () => {
    const { queue, arrive, end, granted } = startedQueue(1);
    arrive("a", "b");
    queue.send({
      type: "request.arrived",
      id: "urgent",
      workload: 1,
      at: 0,
      flow: "c",
      weight: 9,
      priority: 9,
    });
    for (const id of ["a", "b"]) end(id);
    expect(granted()).toEqual(["a", "b", "urgent"]);
  });

  test("shows who waits when it is persisted, as plain data", () => {
    const { queue, arrive } = startedQueue(1);
    arrive("a", "b", "c");
    const persisted = JSON.parse(JSON.stringify(queue.getPersistedSnapshot()));
    expect(persisted).toMatchObject({
      status: "active",
      context: { limit: 1, running: 1, waiting: 2 },
      queued: [{ id: "b" }, { id: "c" }],
    });
  });
});
