import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { EndedStatus } from "../../../../src/shared/wire.js";
import { eventually } from "../../../support/eventually.js";
import { open, RawClient, type Reply, read } from "../../../support/http-client.js";
import { Turns } from "../../../support/turns.js";
import { type SentEnvelope, WorkerFixture } from "../../../support/worker-fixture.js";
import type { LogLine } from "../../../support/worker-process.js";

const MIB = 1024 * 1024;

let fixture: WorkerFixture;
let turns: Turns;
/** The path at which functions call the model. */
let url: string;
beforeAll(async () => {
  const parallel = { allowParallelRequests: true, maxQueueTime: null } as const;
  const serial = { maxQueueTime: null } as const;
  fixture = await WorkerFixture.start({
    handlers: [
      { route: "/counts", ...parallel, remoteFunction: "counts" },
      { route: "/asks", ...serial, remoteFunction: "callsModel" },
      { route: "/asks-once", ...serial, remoteFunction: "callsModelOnce" },
      { route: "/endless", ...serial, remoteFunction: "endless" },
      { route: "/pours", ...parallel, remoteFunction: "pours" },
      { route: "/yields-unwritable", ...parallel, remoteFunction: "yieldsUnwritable" },
      { route: "/returns-unwritable", ...parallel, remoteFunction: "returnsUnwritable" },
      { route: "/fills", ...parallel, remoteFunction: "fills" },
      { route: "/echo", ...parallel, remoteFunction: "echo" },
      { route: "/model", ...serial },
    ],
  });
  url = `http://127.0.0.1:${fixture.model.port}/asked`;
});
beforeEach(() => {
  turns = new Turns();
  fixture.model.on("/asked", turns.hold);
  fixture.model.on("/model", turns.hold);
});
afterEach(() => fixture.expectServing());
afterAll(() => fixture.stop());

/** What the functions have logged since. */
function fromNowOn(): (msg: string) => readonly LogLine[] {
  const before = fixture.worker.lines.length;
  return (msg) => fixture.worker.lines.slice(before).filter((line) => line.msg === msg);
}

/** How each of these ended, for the last test: reports are sent once a second. */
const ended: (readonly [SentEnvelope, EndedStatus])[] = [];

/** 500 without a close frame of what happened inside. */
function isOwnError(reply: Reply): void {
  expect({ status: reply.status, body: reply.json(), complete: reply.complete }).toEqual({
    status: 500,
    body: { error: "the worker's own code failed" },
    complete: true,
  });
  expect(reply.headers["content-type"]).toBe("application/json");
}

/** A client on a connection of its own, whose request the worker has. */
async function arrive(route: string, payload: object): Promise<{ client: RawClient; sent: SentEnvelope }> {
  const client = await RawClient.connect(fixture.worker.url);
  const sent = fixture.envelope(payload);
  const body = JSON.stringify(sent);
  client.send(`POST ${route} HTTP/1.1\r\nhost: worker\r\ncontent-length: ${body.length}\r\n\r\n${body}`);
  await fixture.roundTrip();
  return { client, sent };
}

describe("a remoteFunction that is an async generator", () => {
  test("streams what it yields, a line of JSON each, and counts as a success", async () => {
    const body = fixture.envelope({ upTo: 3 });
    const reply = await fixture.ask("/counts", { body });
    expect({ status: reply.status, body: reply.body.toString(), complete: reply.complete }).toEqual({
      status: 200,
      body: '{"n":1}\n{"n":2}\n{"n":3}\n',
      complete: true,
    });
    expect(reply.headers["content-type"]).toBe("application/x-ndjson");
    ended.push([body, "Success"]);
  });

  test("sends each line when it is yielded, and the next one is pulled then", async () => {
    const { client } = await arrive("/asks", { url, upTo: 3 });
    await turns.areHeld(1);
    expect(client.received).toBe("");
    turns.release(1);
    await client.receives(/^HTTP\/1\.1 200 [\s\S]*content-type: application\/x-ndjson[\s\S]*\r\n1\n/);
    await turns.areHeld(2);
    turns.release(2);
    await client.receives("\r\n2\n");
    await turns.areHeld(3);
    expect(client.received).not.toContain("\r\n3\n");
    turns.release(3);
    await client.receives(/\r\n3\n\r\n0\r\n\r\n$/);
    expect(turns.most).toBe(1);
    client.leave();
  });

  test("that yields nothing is an empty stream", async () => {
    const reply = await fixture.post("/counts", { upTo: 0 });
    expect({ status: reply.status, body: reply.body.toString(), complete: reply.complete }).toEqual({
      status: 200,
      body: "",
      complete: true,
    });
    expect(reply.headers["content-type"]).toBe("application/x-ndjson");
  });

  test("that throws before its first value is answered 500 and counts as an error", async () => {
    const logged = fromNowOn();
    const body = fixture.envelope({ upTo: 3, failAt: 1 });
    isOwnError(await fixture.ask("/counts", { body }));
    ended.push([body, "Error"]);
    await eventually(() =>
      expect(logged("remoteFunction threw")).toMatchObject([
        { route: "/counts", err: { message: "the generator failed" } },
      ]),
    );
  });

  test("that throws later is broken off behind the last value, and counts as an error", async () => {
    const logged = fromNowOn();
    const body = fixture.envelope({ upTo: 3, failAt: 3 });
    const reply = await fixture.ask("/counts", { body });
    expect({ status: reply.status, body: reply.body.toString(), complete: reply.complete }).toEqual({
      status: 200,
      body: '{"n":1}\n{"n":2}\n',
      complete: false,
    });
    ended.push([body, "Error"]);
    await eventually(() =>
      expect(logged("remoteFunction threw")).toMatchObject([
        { route: "/counts", err: { message: "the generator failed" } },
      ]),
    );
  });

  test("keeps its place in a serial queue until its last line", async () => {
    const first = await arrive("/asks", { url, upTo: 2 });
    const second = await arrive("/model", { n: 10 });
    await turns.areHeld(1);
    turns.release(1);
    await first.client.receives("\r\n1\n");
    await turns.areHeld(2);
    turns.release(2);
    await turns.areHeld(10);
    expect(turns.order).toEqual([1, 2, 10]);
    turns.release(10);
    await second.client.receives(/\r\n\r\n10$/);
    for (const { client } of [first, second]) client.leave();
  });

  test("does not keep others waiting, although it waits for nothing itself", async () => {
    const answer = await open(`${fixture.worker.url}/pours`, {
      body: fixture.envelope({ pieces: 1_000_000_000, length: 1 }),
    });
    answer.resume();
    for (let n = 1; n <= 10; n++) await fixture.expectServing();
    const hasEnded = fromNowOn();
    answer.destroy();
    await eventually(() => expect(hasEnded("generator ended")).toHaveLength(1));
  });
});

describe("a client that leaves a generator", () => {
  test("while it streams ends it: its finally runs, its signal is aborted, the next gets its turn", async () => {
    const logged = fromNowOn();
    const { client, sent } = await arrive("/endless", {});
    await client.receives('{"n":3}\n');
    const next = await arrive("/model", { n: 1 });
    expect(turns.held).toEqual([]);
    client.leave();
    await turns.areHeld(1);
    await eventually(() => expect(logged("generator ended")).toMatchObject([{ aborted: true }]));
    turns.release(1);
    await next.client.receives(/\r\n\r\n1$/);
    next.client.leave();
    ended.push([sent, "Cancelled"]);
  });

  test.each([
    ["before its first value", 1],
    ["between two values", 2],
  ])("%s aborts its signal: it waits no longer", async (_, at) => {
    const { client, sent } = await arrive("/asks", { url, upTo: 3 });
    for (let n = 1; n < at; n++) {
      await turns.areHeld(n);
      turns.release(n);
    }
    await turns.areHeld(at);
    const next = await arrive("/model", { n: 10 });
    client.leave();
    await turns.areHeld(10);
    turns.release(10);
    next.client.leave();
    ended.push([sent, "Cancelled"]);
  });

  test("while it waits in the queue: its function is not called", async () => {
    const first = await arrive("/model", { n: 10 });
    await turns.areHeld(10);
    const waiting = await arrive("/asks", { url, upTo: 1 });
    const last = await arrive("/model", { n: 11 });
    waiting.client.leave();
    await fixture.roundTrip();
    ended.push([waiting.sent, "Cancelled"]);
    turns.release(10);
    await turns.areHeld(11);
    expect(turns.order).toEqual([10, 11]);
    turns.release(11);
    for (const { client } of [first, last]) client.leave();
  });

  test("while it does not read ends it as well", async () => {
    const logged = fromNowOn();
    const answer = await open(`${fixture.worker.url}/pours`, {
      body: fixture.envelope({ pieces: 1_000_000_000, length: 1000 }),
    });
    answer.pause();
    await comesToRest(logged);
    answer.destroy();
    await eventually(() => expect(logged("generator ended")).toHaveLength(1));
  });
});

/** Waits until a generator that pours is pulled no more. */
async function comesToRest(logged: (msg: string) => readonly LogLine[]): Promise<void> {
  let last = 0;
  await eventually(
    () => {
      const poured = logged("poured").length;
      const rests = poured > 0 && poured === last;
      last = poured;
      return rests;
    },
    { intervalMs: 300 },
  );
}

describe("a slow reader", () => {
  test("slows a generator down rather than fill the memory, and gets every line", async () => {
    const [pieces, length] = [20_000, 10_000];
    const logged = fromNowOn();
    const before = await fixture.worker.memory();
    const answer = await open(`${fixture.worker.url}/pours`, { body: fixture.envelope({ pieces, length }) });
    answer.pause();
    await comesToRest(logged);
    expect(Number(logged("poured").at(-1)?.pieces)).toBeLessThan(pieces / 2);
    expect(((await fixture.worker.memory()) - before) / MIB).toBeLessThan(64);

    let received = 0;
    let wrong = 0;
    for await (const piece of answer) {
      for (const byte of piece as Buffer) if (byte !== 0x78 && byte !== 0x22 && byte !== 0x0a) wrong++;
      received += (piece as Buffer).length;
    }
    expect({ received, wrong, complete: answer.complete }).toEqual({
      received: pieces * (length + 3),
      wrong: 0,
      complete: true,
    });
    await eventually(() => expect(logged("generator ended")).toMatchObject([{ pieces }]));
  });

  test("of a large result gets every byte of it", async () => {
    const length = 20 * MIB;
    const body = fixture.envelope({ length });
    const answer = await open(`${fixture.worker.url}/fills`, { body });
    expect(answer.headers).toMatchObject({
      "content-type": "application/json",
      "content-length": String(length + '{"result":""}'.length),
    });
    answer.pause();
    // It reads nothing, and the worker still serves others.
    await fixture.expectServing();
    const reply = await read(answer);
    expect(reply).toMatchObject({ status: 200, complete: true });
    expect(reply.body.equals(Buffer.from(`{"result":"${"x".repeat(length)}"}`))).toBe(true);
    ended.push([body, "Success"]);
  });
});

describe("a value of which JSON has no text", () => {
  const kinds = ["bigint", "circular", "function", "symbol"];

  test.each(kinds)("%s, as the result: 500, counted as an error", async (kind) => {
    const body = fixture.envelope({ kind });
    isOwnError(await fixture.ask("/returns-unwritable", { body }));
    ended.push([body, "Error"]);
  });

  test.each(kinds)("%s, as the first of a generator: 500, and the generator is ended", async (kind) => {
    const logged = fromNowOn();
    const body = fixture.envelope({ kind, after: 0 });
    isOwnError(await fixture.ask("/yields-unwritable", { body }));
    await eventually(() => expect(logged("generator ended")).toMatchObject([{ aborted: true }]));
    ended.push([body, "Error"]);
  });

  test.each(kinds)("%s, later: broken off, and the generator is ended", async (kind) => {
    const logged = fromNowOn();
    const body = fixture.envelope({ kind, after: 2 });
    const reply = await fixture.ask("/yields-unwritable", { body });
    expect({ body: reply.body.toString(), complete: reply.complete }).toEqual({
      body: "1\n2\n",
      complete: false,
    });
    await eventually(() => expect(logged("generator ended")).toMatchObject([{ aborted: true }]));
    ended.push([body, "Error"]);
  });

  test("nothing at all is null", async () => {
    expect((await fixture.post("/returns-unwritable")).json()).toEqual({ result: null });
    expect((await fixture.post("/yields-unwritable", { after: 0 })).body.toString()).toBe(
      'null\n"never asked for"\n',
    );
  });
});

describe("a remoteFunction that is none", () => {
  test("may give its result at once", async () => {
    expect((await fixture.post("/echo", { text: "hello", deep: [{ n: 1.5 }, null] })).json()).toEqual({
      result: { text: "hello", deep: [{ n: 1.5 }, null] },
    });
  });

  test("may promise it; those of a serial queue take turns with the model's requests, first in, first out", async () => {
    const clients = [
      await arrive("/asks-once", { url, n: 1 }),
      await arrive("/model", { n: 2 }),
      await arrive("/asks-once", { url, n: 3 }),
    ];
    for (const n of [1, 2, 3]) {
      await turns.areHeld(n);
      turns.release(n);
    }
    const [first, second, third] = clients;
    await first?.client.receives(/\r\n\r\n\{"result":1\}$/);
    await second?.client.receives(/\r\n\r\n2$/);
    await third?.client.receives(/\r\n\r\n\{"result":3\}$/);
    expect({ order: turns.order, most: turns.most }).toEqual({ order: [1, 2, 3], most: 1 });
    for (const { client, sent } of clients) {
      ended.push([sent, "Success"]);
      client.leave();
    }
  });

  test.each([0, 64 * 1024, 5 * MIB])("may give %i characters", async (length) => {
    const reply = await fixture.post("/fills", { length });
    expect(reply).toMatchObject({ status: 200, complete: true });
    expect((reply.json() as { readonly result: string }).result).toHaveLength(length);
  });
});

test("each of these is reported to the engine once, with its outcome", async () => {
  for (const [sent, status] of ended) await fixture.expectReported(sent, status);
  expect(new Set(ended.map(([, status]) => status))).toEqual(new Set(["Success", "Error", "Cancelled"]));
});
