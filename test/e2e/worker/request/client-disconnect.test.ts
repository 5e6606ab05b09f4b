import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { eventually } from "../../../support/eventually.js";
import { RawClient } from "../../../support/http-client.js";
import { type Behaviour, chunkBytes, closed, headBytes, raw, written } from "../../../support/raw-model.js";
import { Turns } from "../../../support/turns.js";
import { type SentEnvelope, WorkerFixture } from "../../../support/worker-fixture.js";

let fixture: WorkerFixture;
let turns: Turns;
beforeAll(async () => {
  fixture = await WorkerFixture.start({
    handlers: [
      { route: "/serial", maxQueueTime: null },
      { route: "/generated", maxQueueTime: null, responseGenerator: "passOn" },
      { route: "/read-whole", maxQueueTime: null, responseGenerator: "upperCase" },
      { route: "/function", maxQueueTime: null, remoteFunction: "untilAborted" },
      { route: "/parallel", allowParallelRequests: true, maxQueueTime: null },
    ],
  });
});
beforeEach(() => {
  turns = new Turns();
  fixture.model.on("/serial", turns.hold);
});
afterEach(() => fixture.expectServing());
afterAll(() => fixture.stop());

/** A client whose request the worker has. */
async function arrive(route: string, n = 0): Promise<{ client: RawClient; sent: SentEnvelope }> {
  const client = await RawClient.connect(fixture.worker.url);
  const sent = fixture.envelope({ n });
  const body = JSON.stringify(sent);
  client.send(`POST ${route} HTTP/1.1\r\nhost: worker\r\ncontent-length: ${body.length}\r\n\r\n${body}`);
  await fixture.roundTrip();
  return { client, sent };
}

/** Those that have left, for the last test. */
const left: { readonly waiting: SentEnvelope[]; readonly running: SentEnvelope[] } = {
  waiting: [],
  running: [],
};

describe("a client that leaves while it waits", () => {
  test("gives its place up: the one behind it is next", async () => {
    const [first, second, third] = [
      await arrive("/serial", 1),
      await arrive("/serial", 2),
      await arrive("/serial", 3),
    ];
    await turns.areHeld(1);
    second.client.leave();
    left.waiting.push(second.sent);
    await fixture.roundTrip();
    turns.release(1);
    await turns.areHeld(3);
    turns.release(3);
    await third.client.receives(/\r\n\r\n3$/);
    expect(turns.order).toEqual([1, 3]);
    for (const { client } of [first, third]) client.leave();
  });

  test("takes its workload with it at once", async () => {
    const running = await arrive("/serial", 1);
    const waiting = await arrive("/serial", 2);
    await eventually(() => expect(fixture.engine.reports.at(-1)).toMatchObject({ cur_load: 200 }));
    waiting.client.leave();
    await eventually(() => expect(fixture.engine.reports.at(-1)).toMatchObject({ cur_load: 100 }));
    running.client.leave();
    await eventually(() => expect(fixture.engine.reports.at(-1)).toMatchObject({ cur_load: 0 }));
  });
});

const pour: Behaviour = async ({ socket }) => {
  socket.write(headBytes(200, ["transfer-encoding", "chunked"]));
  const piece = chunkBytes(Buffer.alloc(65_536));
  while (await written(socket, piece));
};
const cases: readonly [string, string, Behaviour, RegExp][] = [
  ["before the answer begins", "/serial", () => {}, /^$/],
  [
    "before a short answer is whole",
    "/serial",
    raw(Buffer.concat([headBytes(200, ["content-length", "9"]), Buffer.from("half")])),
    /^$/,
  ],
  [
    "in the middle of a stream",
    "/serial",
    raw(Buffer.concat([headBytes(200, ["transfer-encoding", "chunked"]), chunkBytes("data: 1\n\n")])),
    /data: 1/,
  ],
  ["while it does not read what the model pours out", "/serial", pour, /^HTTP/],
  [
    "and a responseGenerator passes the stream on",
    "/generated",
    raw(Buffer.concat([headBytes(200, ["transfer-encoding", "chunked"]), chunkBytes("data: 1\n\n")])),
    /data: 1/,
  ],
  ["while it does not read what a responseGenerator passes on", "/generated", pour, /^HTTP/],
  [
    "and a responseGenerator waits for the whole answer",
    "/read-whole",
    raw(Buffer.concat([headBytes(200, ["transfer-encoding", "chunked"]), chunkBytes("data: 1\n\n")])),
    /^$/,
  ],
  ["of a parallel handler", "/parallel", () => {}, /^$/],
];

describe("a client that leaves while the model works for it", () => {
  test.each(cases)(
    "%s: the model's connection is closed, and the next gets its turn",
    async (_, route, behaviour, begun) => {
      fixture.model.on(route, behaviour);
      const asked = fixture.model.requests.length;
      const { client, sent } = await arrive(route, 1);
      await eventually(() => fixture.model.requests.length === asked + 1);
      const { socket } = fixture.model.last;
      await client.receives(begun);
      if (behaviour === pour) {
        // It reads no more; the pipes fill up until the model has to stop.
        client.socket.pause();
        await eventually(() => socket.writableLength > 0 && socket.writableNeedDrain);
      }
      fixture.model.on("/serial", turns.hold);
      const next = await arrive("/serial", 2);

      const isClosed = closed(socket).then(() => performance.now());
      const leftAt = performance.now();
      client.leave();
      // Some milliseconds; it would be for ever if the disconnect were not noticed.
      expect((await isClosed) - leftAt).toBeLessThan(10_000);
      await turns.areHeld(2);
      turns.release(2);
      await next.client.receives(/\r\n\r\n2$/);
      next.client.leave();

      left.running.push(sent);
    },
  );

  test("of a remoteFunction: its signal aborts, and the next gets its turn", async () => {
    const { client, sent } = await arrive("/function");
    const next = await arrive("/serial", 2);
    client.leave();
    await eventually(() => expect(fixture.worker.lines.map(({ msg }) => msg)).toContain("function aborted"));
    await turns.areHeld(2);
    turns.release(2);
    next.client.leave();
    left.running.push(sent);
  });
});

test("clients that come and go in great number leave nothing behind", async () => {
  fixture.model.on("/parallel", () => {});
  for (let round = 1; round <= 5; round++) {
    const clients = await Promise.all(
      Array.from({ length: 50 }, () => RawClient.connect(fixture.worker.url)),
    );
    for (const client of clients) client.send(fixture.requestBytes("/parallel"));
    await fixture.roundTrip();
    for (const client of clients) client.leave();
  }
  await eventually(() => expect(fixture.model.connections).toBeLessThanOrEqual(5));
});

test("each is reported to the engine as cancelled, once, with the time at which it began to run, if it did", async () => {
  const hour = Date.now() / 1000 - 3600;
  for (const sent of [...left.waiting, ...left.running]) await fixture.expectReported(sent, "Cancelled");
  const reported = ({ auth_data }: SentEnvelope) =>
    fixture.engine.ended.find(({ request_idx }) => request_idx === auth_data.request_idx);
  for (const sent of left.waiting) {
    expect(reported(sent)).toMatchObject({ success: true, work_started_at: 0, work_completed_at: 0 });
    expect(reported(sent)?.entered_queue_at).toBeGreaterThan(hour);
  }
  for (const sent of left.running) {
    expect(reported(sent)).toMatchObject({ success: true, work_completed_at: 0 });
    expect(reported(sent)?.entered_queue_at).toBeGreaterThan(hour);
    expect(reported(sent)?.work_started_at).toBeGreaterThan(hour);
  }
  expect(left.running).toHaveLength(cases.length + 1);
});

test("one that leaves before its request is whole is not counted", async () => {
  const half = fixture.requestBytes("/serial");
  const before = fixture.engine.ended.length;
  const client = await RawClient.connect(fixture.worker.url);
  client.send(half.subarray(0, -1));
  await fixture.roundTrip();
  client.leave();
  await fixture.roundTrip();
  // This one comes later: when it has been reported, there was nothing to report of the other.
  const later = await arrive("/parallel");
  later.client.leave();
  await fixture.expectReported(later.sent, "Cancelled");
  const reported = fixture.engine.ended.slice(before).map(({ request_idx }) => request_idx);
  expect(reported.filter((idx) => idx === later.sent.auth_data.request_idx - 1)).toEqual([]);
});
