import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { eventually } from "../../../support/eventually.js";
import { RawClient } from "../../../support/http-client.js";
import { Turns } from "../../../support/turns.js";
import { WorkerFixture } from "../../../support/worker-fixture.js";

const ROUTES = ["/a", "/b", "/three", "/shared/c", "/shared/d", "/own", "/parallel"] as const;

let fixture: WorkerFixture;
let turns: Turns;
beforeAll(async () => {
  fixture = await WorkerFixture.start({
    handlers: [
      { route: "/a", maxQueueTime: null },
      { route: "/b", maxQueueTime: null },
      { route: "/three", concurrency: 3, maxQueueTime: null },
      { route: "/shared/c", queue: "shared", concurrency: 2, maxQueueTime: null },
      { route: "/shared/d", queue: "shared", concurrency: 2, maxQueueTime: null },
      { route: "/own", queue: "own", maxQueueTime: null },
      { route: "/parallel", allowParallelRequests: true, maxQueueTime: null },
    ],
  });
});
beforeEach(() => {
  turns = new Turns();
  for (const route of ROUTES) fixture.model.on(route, turns.hold);
});
afterEach(() => fixture.expectServing());
afterAll(() => fixture.stop());

/** Sends requests one after the other, to these routes in turn, so that the worker has each before the next. */
async function arrive(
  routes: readonly string[],
  numbers: readonly number[],
): Promise<Map<number, RawClient>> {
  const clients = new Map<number, RawClient>();
  for (const n of numbers) clients.set(n, await RawClient.connect(fixture.worker.url));
  for (const [n, client] of clients) {
    client.send(fixture.requestBytes(routes[n % routes.length] ?? "", { n }));
    await fixture.roundTrip();
  }
  return clients;
}

/** Lets every request go as soon as it is there, until all of these have been answered. */
async function letGo(clients: ReadonlyMap<number, RawClient>): Promise<void> {
  await eventually(
    () => {
      for (const n of turns.held) turns.release(n);
      for (const [n, { received }] of clients) if (!received.endsWith(`\r\n\r\n${n}`)) return false;
      for (const client of clients.values()) client.leave();
      return true;
    },
    { intervalMs: 1 },
  );
}

const upTo = (count: number): number[] => Array.from({ length: count }, (_, n) => n);

describe("serial handlers share one queue", () => {
  test("one request at a time is at the model, in the order of arrival", async () => {
    const clients = await arrive(["/a", "/b"], upTo(100));
    await turns.areHeld(0);
    await letGo(clients);
    expect(turns.order).toEqual(upTo(100));
    expect(turns.most).toBe(1);
  });

  test("each gets its own answer", async () => {
    const answers = Promise.all(upTo(50).map((n) => fixture.post(n % 3 === 0 ? "/a" : "/b", { n })));
    let done = false;
    void answers.then(() => {
      done = true;
    });
    await eventually(
      () => {
        for (const n of turns.held) turns.release(n);
        return done;
      },
      { intervalMs: 1 },
    );
    expect((await answers).map(({ body }) => body.toString())).toEqual(upTo(50).map(String));
    expect(turns.most).toBe(1);
  });

  test("the order holds when clients leave at random, waiting or running", async () => {
    const clients = await arrive(["/a", "/b", "/b"], upTo(200));
    const staying = new Map(clients);
    // Seeded, so that a failure can be seen again.
    let state = 42;
    const random = (): number => {
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
      return state / 2 ** 32;
    };
    const leaving = upTo(200).filter(() => random() < 0.4);
    for (const n of leaving) staying.delete(n);
    await eventually(
      () => {
        for (const n of leaving.splice(0, 1 + Math.floor(random() * 4))) clients.get(n)?.leave();
        for (const n of turns.held) if (staying.has(n) && random() < 0.7) turns.release(n);
        return leaving.length === 0;
      },
      { intervalMs: 1 },
    );
    await letGo(staying);
    expect(turns.order).toEqual([...turns.order].sort((a, b) => a - b));
    expect(turns.order.filter((n) => staying.has(n))).toEqual([...staying.keys()]);
    expect(new Set(turns.order).size).toBe(turns.order.length);
    expect(turns.most).toBe(1);
  });

  test("one that waits does not hold up the handlers of other queues", async () => {
    const waiting = await arrive(["/a", "/b"], [0, 1]);
    const others = await arrive(["/three", "/own", "/parallel"], [30, 31, 32]);
    await turns.areHeld(0, 30, 31, 32);
    for (const n of [30, 31, 32]) turns.release(n);
    await letGo(others);
    await letGo(waiting);
  });
});

describe("a limit between one and all", () => {
  test("concurrency: 3 lets three go at once, and the next in order as soon as one is done", async () => {
    const clients = await arrive(["/three"], upTo(6));
    await turns.areHeld(0, 1, 2);
    turns.release(1);
    await turns.areHeld(0, 2, 3);
    turns.release(3);
    await turns.areHeld(0, 2, 4);
    await letGo(clients);
    expect(turns.order.slice(3)).toEqual([3, 4, 5]);
    expect(turns.most).toBe(3);
  });

  test("handlers that name the same queue share its places and its order", async () => {
    const clients = await arrive(["/shared/c", "/shared/d", "/shared/d"], upTo(20));
    for (let n = 0; n < 18; n++) {
      await turns.areHeld(n, n + 1);
      turns.release(n);
    }
    await turns.areHeld(18, 19);
    await letGo(clients);
    expect(turns.most).toBe(2);
  });

  test("a serial handler with a queue of its own goes beside the others, one at a time", async () => {
    const serial = await arrive(["/a"], [0, 1]);
    const own = await arrive(["/own"], [10, 11]);
    await turns.areHeld(0, 10);
    await letGo(own);
    await letGo(serial);
  });
});

test("parallel handlers forward at once, however many there are", async () => {
  const clients = await arrive(["/parallel"], upTo(150));
  await turns.areHeld(...upTo(150));
  await letGo(clients);
  expect(turns.most).toBe(150);
});
