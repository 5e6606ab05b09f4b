import pino from "pino";
import { describe, expect, test } from "vitest";
import { createActor } from "xstate";
import { type QueueOrder, queueLogic } from "../../../../machines/queue.js";
import { ModelActivity } from "../../../../src/worker/model/model-activity.js";
import { Entry, Ledger } from "../../../../src/worker/report/ledger.js";
import type { Flow } from "../../../../src/worker/request/admission.js";
import { Edge } from "../../../../src/worker/request/edge.js";
import { socketHandler } from "../../../support/socket-fakes.js";

const LIMIT_S = 5;

/** An edge with one queue, that serves 10 units of workload a second. */
function edgeWith(queueOrder: QueueOrder) {
  const ledger = new Ledger({ status: () => {}, ended: () => {} });
  const edge = new Edge({
    ledger,
    log: pino({ enabled: false }),
    verifier: undefined,
    ownUrl: undefined,
    replays: undefined,
    maxBodyBytes: 1000,
    maxUnverifiedBytes: 1000,
    streamHeaders: true,
    maxSessions: null,
    observer: undefined,
    activity: new ModelActivity(() => 0),
  });
  const actor = createActor(edge.logic, { input: { worker: { send: () => {} } } }).start();
  const handler = socketHandler({ queue: "shared", queueOrder, maxQueueTime: LIMIT_S });
  const ref = createActor(queueLogic, { input: { limit: 1, order: queueOrder, edge: actor } }).start();
  actor.send({ type: "queue.opened", queue: "shared", ref });
  actor.send({ type: "traffic.opened", maxPerf: 10 });
  let ids = 0;
  return {
    /** @returns why a request is refused; an admitted one waits. */
    request: (name: string, workload: number, priority = 0): string | undefined => {
      const flow: Flow | undefined = name === "" ? undefined : { name, weight: 1, priority };
      const refusal = edge.checkQueueTime(handler, workload, flow);
      if (refusal !== undefined) return (refusal.answer.body as { error: string }).error;
      ids++;
      ledger.receive(new Entry("request", ids, ids, workload, 0));
      const flows = flow && { flow: name, weight: flow.weight, priority };
      ref.send({ type: "request.arrived", id: String(ids), workload, at: 0, ...flows });
      return undefined;
    },
  };
}

describe("maxQueueTime", () => {
  test("of a fair queue refuses the client whose own requests take longer, and no other", () => {
    const { request } = edgeWith("fair");
    for (let sent = 0; sent < 6; sent++) expect(request("greedy", 10)).toBeUndefined();
    expect(request("greedy", 10)).toBe("the queue takes 6.0 s, the limit is 5 s");
    // Running: 1 s; ahead in the fair order: one request of the greedy client.
    expect(request("alice", 10)).toBeUndefined();
    expect(request("bob", 10)).toBeUndefined();
    expect(request("greedy", 10)).toBe("the queue takes 8.0 s, the limit is 5 s");
  });

  test("of a fair queue does not count lower priorities", () => {
    const { request } = edgeWith("fair");
    for (let sent = 0; sent < 6; sent++) expect(request("greedy", 10)).toBeUndefined();
    expect(request("greedy", 10, 1)).toBeUndefined();
    expect(request("greedy", 10)).toBeDefined();
  });

  test("of a fair queue counts requests without a key as those of one client", () => {
    const { request } = edgeWith("fair");
    for (let sent = 0; sent < 6; sent++) expect(request("", 10)).toBeUndefined();
    expect(request("", 10)).toBe("the queue takes 6.0 s, the limit is 5 s");
    expect(request("alice", 10)).toBeUndefined();
  });

  test("of a queue that is first in, first out counts all requests", () => {
    const { request } = edgeWith("fifo");
    for (let sent = 0; sent < 6; sent++) expect(request("greedy", 10)).toBeUndefined();
    expect(request("alice", 10)).toBe("the queue takes 6.0 s, the limit is 5 s");
  });
});
