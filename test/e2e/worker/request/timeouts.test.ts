import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { EndedStatus } from "../../../../src/shared/wire.js";
import { eventually } from "../../../support/eventually.js";
import { open, RawClient, type Reply, read } from "../../../support/http-client.js";
import {
  type Behaviour,
  chunkBytes,
  chunked,
  closed,
  headBytes,
  LAST_CHUNK,
  plain,
  raw,
  silent,
  written,
} from "../../../support/raw-model.js";
import { Turns } from "../../../support/turns.js";
import { type SentEnvelope, WorkerFixture } from "../../../support/worker-fixture.js";
import type { LogLine } from "../../../support/worker-process.js";

/** Milliseconds of the limits of routes where nothing is to happen before they pass. */
const LIMIT = 300;
/** Of those where something is, so that no machine is too slow for it. */
const PATIENT = 2000;
/** The limit by which these tests detect that more than {@link PATIENT} has passed in the worker. */
const LONGER = 2500;

const limits = ["headersMs", "idleMs", "totalMs"] as const;
type Limit = (typeof limits)[number];

let fixture: WorkerFixture;
let turns: Turns;
beforeAll(async () => {
  const parallel = { allowParallelRequests: true, maxQueueTime: null } as const;
  const limited = (limit: Limit, milliseconds: number) =>
    ({ maxQueueTime: null, timeouts: { [limit]: milliseconds } }) as const;
  fixture = await WorkerFixture.start({
    handlers: [
      { route: "/serial", maxQueueTime: null },
      { route: "/clock", ...parallel, timeouts: { headersMs: LONGER } },
      ...limits.flatMap((limit) =>
        [
          { path: `/${limit}`, ...limited(limit, LIMIT) },
          { path: `/patient/${limit}`, ...limited(limit, PATIENT) },
        ].flatMap(({ path, ...rest }) => [
          { route: path, ...rest },
          { route: `${path}/generated`, ...rest, responseGenerator: "passOn" as const },
          { route: `${path}/waits`, ...rest, responseGenerator: "waitsForEnd" as const },
          { route: `${path}/never`, ...rest, remoteFunction: "never" as const },
          { route: `${path}/stalls`, ...rest, remoteFunction: "stalls" as const },
          { route: `${path}/asks`, ...rest, remoteFunction: "callsModel" as const },
          { route: `${path}/endless`, ...rest, remoteFunction: "endless" as const },
          { route: `${path}/pours`, ...rest, remoteFunction: "pours" as const },
        ]),
      ),
    ],
  });
  fixture.model.on("/clock", silent);
});
beforeEach(() => {
  turns = new Turns();
  fixture.model.on("/serial", turns.hold);
});
afterEach(() => fixture.expectServing());
afterAll(() => fixture.stop());

/** How each of these ended, for the last test: the worker reports once a second. */
const ended: (readonly [SentEnvelope, EndedStatus])[] = [];

/** Waits until more than every limit has passed in the worker, by a limit that runs there. */
async function limitPasses(): Promise<void> {
  const logged = fromNowOn();
  const body = fixture.envelope();
  expect(await fixture.ask("/clock", { body })).toMatchObject({ status: 504 });
  // What the worker logged before it has come, too.
  await eventually(() => expect(logged("model failed").at(-1)).toMatchObject({ route: "/clock" }));
  ended.push([body, "Error"]);
}

function fromNowOn(): (msg: string) => readonly LogLine[] {
  const before = fixture.worker.lines.length;
  return (msg) => fixture.worker.lines.slice(before).filter((line) => line.msg === msg);
}

/** Sends what takes too long, and has the next of the serial queue wait behind it. */
async function exceed(route: string, payload: object = {}): Promise<Reply> {
  const body = fixture.envelope(payload);
  const reply = await fixture.ask(route, { body });
  ended.push([body, "Error"]);
  const next = fixture.post("/serial", { n: 100 });
  await turns.areHeld(100);
  turns.release(100);
  expect(await next).toMatchObject({ status: 200 });
  return reply;
}

/** 504, with the limit in the message. */
function expectTimeout(reply: Reply, message: string): void {
  expect({ status: reply.status, body: reply.json(), complete: reply.complete }).toEqual({
    status: 504,
    body: { error: message },
    complete: true,
  });
  expect(reply.headers["content-type"]).toBe("application/json");
}

function isBrokenOff(reply: Reply, body: string): void {
  expect({ status: reply.status, body: reply.body.toString(), complete: reply.complete }).toEqual({
    status: 200,
    body,
    complete: false,
  });
}

const MESSAGES = {
  headersMs: (milliseconds: number) => `the model did not begin to answer within ${milliseconds} ms`,
  idleMs: (milliseconds: number) => `the model was silent for ${milliseconds} ms`,
  totalMs: (milliseconds: number) => `the request was not done within ${milliseconds} ms`,
} as const;

const EVENTS = ["content-type", "text/event-stream", "transfer-encoding", "chunked"] as const;
const begunStream = raw(Buffer.concat([headBytes(200, EVENTS), chunkBytes("data: 1\n\n")]));
const begunShort = raw(Buffer.concat([headBytes(200, ["content-length", "9"]), Buffer.from("half")]));
const begunLong = raw(
  Buffer.concat([headBytes(200, ["content-length", "100000"]), Buffer.from("x".repeat(1000))]),
);

/** Never at rest, and never done: a piece whenever the last one was taken, and a little later. */
const endless: Behaviour = async ({ socket }) => {
  socket.write(headBytes(200, EVENTS));
  do await new Promise((resolve) => setTimeout(resolve, 20));
  while (await written(socket, chunkBytes("data: 1\n\n")));
};

describe("a model that takes too long before the answer began: 504, its connection is closed, the next has its turn", () => {
  test.each<[Limit, string, Behaviour]>([
    ["headersMs", "and says nothing", silent],
    ["headersMs", "and says half a head", raw("HTTP/1.1 200 OK\r\ncontent-le")],
    ["idleMs", "in the middle of a short answer", begunShort],
    ["totalMs", "and says nothing", silent],
    ["totalMs", "in the middle of a short answer", begunShort],
  ])("%s, %s", async (limit, _, behaviour) => {
    fixture.model.on(`/${limit}`, behaviour);
    const asked = fixture.model.requests.length;
    expectTimeout(await exceed(`/${limit}`), MESSAGES[limit](LIMIT));
    const request = fixture.model.requests[asked];
    expect(request?.path).toBe(`/${limit}`);
    if (request !== undefined) await closed(request.socket);
  });

  test.each<[Limit, string, number, Behaviour]>([
    ["headersMs", "", LIMIT, silent],
    ["idleMs", "", LIMIT, begunStream],
    ["totalMs", "/patient", PATIENT, begunStream],
    ["totalMs", "", LIMIT, silent],
  ])("%s, while a responseGenerator waits for all of it: its finally runs", async (...each) => {
    const [limit, base, milliseconds, behaviour] = each;
    const logged = fromNowOn();
    const route = `${base}/${limit}/waits`;
    fixture.model.on(route, behaviour);
    expectTimeout(await exceed(route), MESSAGES[limit](milliseconds));
    if (behaviour !== silent) await eventually(() => expect(logged("generator ended")).toHaveLength(1));
  });
});

describe("a model that takes too long after it: broken off, its connection is closed, the next has its turn", () => {
  test.each<[Limit, string, string, Behaviour, RegExp]>([
    ["idleMs", "in a stream", "/idleMs", begunStream, /^data: 1\n\n$/],
    ["idleMs", "in a long answer", "/idleMs", begunLong, /^x{1000}$/],
    ["idleMs", "in a stream passed on", "/idleMs/generated", begunStream, /^data: 1\n\n$/],
    ["totalMs", "in a stream that rests", "/patient/totalMs", begunStream, /^data: 1\n\n$/],
    ["totalMs", "in a stream without an end", "/patient/totalMs", endless, /^(data: 1\n\n)+$/],
    ["totalMs", "in a stream passed on", "/patient/totalMs/generated", endless, /^(data: 1\n\n)+$/],
  ])("%s, %s", async (_limit, _what, route, behaviour, received) => {
    fixture.model.on(route, behaviour);
    const asked = fixture.model.requests.length;
    const reply = await exceed(route);
    isBrokenOff(reply, reply.body.toString());
    expect(reply.body.toString()).toMatch(received);
    const request = fixture.model.requests[asked];
    if (request !== undefined) await closed(request.socket);
  });
});

describe("a model that keeps within its limits is not hurried", () => {
  test("headersMs does not limit the answer's body", async () => {
    let finish: () => void = () => {};
    fixture.model.on("/patient/headersMs", ({ socket }) => {
      socket.write(Buffer.concat([headBytes(200, EVENTS), chunkBytes("data: 1\n\n")]));
      finish = () => socket.write(LAST_CHUNK);
    });
    const answer = await open(`${fixture.worker.url}/patient/headersMs`, { body: fixture.envelope() });
    await limitPasses();
    finish();
    expect(await read(answer)).toMatchObject({ status: 200, complete: true });
  });

  test("idleMs does not limit the time before the answer", async () => {
    let finish: () => void = () => {};
    fixture.model.on("/patient/idleMs", (request) => {
      finish = () => void plain({ body: "done" })(request);
    });
    const reply = fixture.post("/patient/idleMs");
    await limitPasses();
    finish();
    expect(await reply).toMatchObject({ status: 200, complete: true });
  });

  test("idleMs begins anew with every piece", async () => {
    fixture.model.on("/patient/idleMs", async ({ socket }) => {
      socket.write(headBytes(200, EVENTS));
      const end = performance.now() + LONGER;
      while (performance.now() < end) {
        socket.write(chunkBytes("data: 1\n\n"));
        await new Promise((resolve) => setTimeout(resolve, PATIENT / 40));
      }
      socket.write(LAST_CHUNK);
    });
    expect(await fixture.post("/patient/idleMs")).toMatchObject({ status: 200, complete: true });
  });

  test("each limit has ended with its request, and leaves the next on the same connection alone", async () => {
    const routes = limits.map((limit) => `/patient/${limit}`);
    for (const route of routes) {
      fixture.model.on(route, plain());
      expect(await fixture.post(route)).toMatchObject({ status: 200 });
      fixture.model.on(route, chunked(EVENTS, ["data: 1\n\n"]));
      expect(await fixture.post(route)).toMatchObject({ status: 200 });
    }
    const { length } = fixture.worker.lines;
    await limitPasses();
    const faults = fixture.worker.lines.slice(length).filter(({ level }) => Number(level) > 30);
    expect(faults).toMatchObject([{ route: "/clock" }]);
    for (const route of routes) {
      expect(await fixture.post(route)).toMatchObject({ status: 200, complete: true });
    }
  });

  test("none runs while a request waits in the queue", async () => {
    const routes = limits.flatMap((limit) => [`/patient/${limit}`, `/patient/${limit}/asks`]);
    for (const route of [...routes, "/asked"]) fixture.model.on(route, plain({ body: "1" }));
    const first = fixture.post("/serial", { n: 1 });
    await turns.areHeld(1);
    const url = `http://127.0.0.1:${fixture.model.port}/asked`;
    const waiting = routes.map((route) => fixture.post(route, { url, upTo: 1 }));
    await fixture.roundTrip();
    await limitPasses();
    turns.release(1);
    expect(await first).toMatchObject({ status: 200 });
    const bodies = (await Promise.all(waiting)).map(({ body }) => body.toString().trim());
    expect(bodies).toEqual(routes.map(() => "1"));
  });
});

describe("a client that does not read", () => {
  const PIECE = Buffer.alloc(1_000_000, "x");
  const PIECES = 30;

  test.each([
    ["the model", "/patient/idleMs"],
    ["a responseGenerator that passes on", "/patient/idleMs/generated"],
  ])("is no silence of %s: idleMs does not run", async (_, route) => {
    let hasStopped = false;
    fixture.model.on(route, async ({ socket }) => {
      socket.write(headBytes(200, ["transfer-encoding", "chunked"]));
      for (let n = 0; n < PIECES; n++) {
        socket.write(chunkBytes(PIECE));
        if (socket.writableNeedDrain) {
          hasStopped = true;
          await new Promise((resolve) => socket.once("drain", resolve).once("close", resolve));
        }
      }
      socket.write(LAST_CHUNK);
    });
    const answer = await open(fixture.worker.url + route, { body: fixture.envelope() });
    answer.pause();
    await eventually(() => hasStopped);
    await limitPasses();
    const reply = await read(answer);
    expect({ length: reply.body.length, complete: reply.complete }).toEqual({
      length: PIECES * PIECE.length,
      complete: true,
    });
  });

  test("is no silence of a generator function: idleMs does not run", async () => {
    const logged = fromNowOn();
    const [pieces, length] = [3000, 10_000];
    const answer = await open(`${fixture.worker.url}/patient/idleMs/pours`, {
      body: fixture.envelope({ pieces, length }),
    });
    answer.pause();
    await limitPasses();
    expect(logged("generator ended")).toEqual([]);
    const reply = await read(answer);
    expect({ length: reply.body.length, complete: reply.complete }).toEqual({
      length: pieces * (length + 3),
      complete: true,
    });
  });

  test("does not stop totalMs: it cannot keep its place forever", async () => {
    const logged = fromNowOn();
    const answer = await open(`${fixture.worker.url}/patient/totalMs/pours`, {
      body: fixture.envelope({ pieces: 1_000_000, length: 10_000 }),
    });
    answer.pause();
    await eventually(() => expect(logged("generator ended")).toHaveLength(1));
    expect(await read(answer)).toMatchObject({ complete: false });
  });
});

describe("a function that takes too long", () => {
  test.each<[Limit, string]>([
    ["headersMs", `the function gave no result within ${LIMIT} ms`],
    ["totalMs", MESSAGES.totalMs(LIMIT)],
  ])("is answered 504 before its result: %s", async (limit, message) => {
    expectTimeout(await exceed(`/${limit}/never`), message);
    expectTimeout(await exceed(`/${limit}/stalls`, { after: 0 }), message);
  });

  test.each<Limit>(["headersMs", "totalMs"])("has its signal aborted: %s", async (limit) => {
    fixture.model.on("/asked", silent);
    const url = `http://127.0.0.1:${fixture.model.port}/asked`;
    const asked = fixture.model.requests.length;
    expect(await exceed(`/patient/${limit}/asks`, { url, upTo: 1 })).toMatchObject({ status: 504 });
    const request = fixture.model.requests[asked];
    expect(request?.path).toBe("/asked");
    if (request !== undefined) await closed(request.socket);
  });

  test.each<Limit>(["idleMs", "totalMs"])("is broken off after its first value: %s", async (limit) => {
    isBrokenOff(await exceed(`/patient/${limit}/stalls`, { after: 2 }), "1\n2\n");
  });

  test("is ended in the middle of its values: totalMs", async () => {
    const logged = fromNowOn();
    const reply = await exceed("/patient/totalMs/endless");
    expect(reply).toMatchObject({ status: 200, complete: false });
    expect(reply.body.toString()).toMatch(/^(\{"n":\d+\}\n)+$/);
    await eventually(() => expect(logged("generator ended")).toMatchObject([{ aborted: true }]));
  });

  test("may be silent before its first value: idleMs; and between two: headersMs", async () => {
    const url = `http://127.0.0.1:${fixture.model.port}/asked`;
    fixture.model.on("/asked", turns.hold);
    const early = fixture.post("/patient/idleMs/asks", { url, upTo: 1 });
    await turns.areHeld(1);
    await limitPasses();
    turns.release(1);
    expect((await early).body.toString()).toBe("1\n");

    const late = fixture.post("/patient/headersMs/asks", { url, upTo: 2 });
    await turns.areHeld(1);
    turns.release(1);
    await turns.areHeld(2);
    await limitPasses();
    turns.release(2);
    expect((await late).body.toString()).toBe("1\n2\n");
  });
});

test("a client that leaves before the limit is counted as cancelled, and the limit ends with it", async () => {
  fixture.model.on("/patient/totalMs", silent);
  const sent = fixture.envelope();
  const body = JSON.stringify(sent);
  const { length } = fixture.worker.lines;
  const client = await RawClient.connect(fixture.worker.url);
  client.send(
    `POST /patient/totalMs HTTP/1.1\r\nhost: worker\r\ncontent-length: ${body.length}\r\n\r\n${body}`,
  );
  await fixture.roundTrip();
  client.leave();
  await limitPasses();
  const outcomes = fixture.worker.lines.slice(length).filter(({ route }) => route === "/patient/totalMs");
  expect(outcomes).toMatchObject([{ msg: "request", outcome: "cancelled" }]);
  ended.push([sent, "Cancelled"]);
});

test("each of these is reported to the engine once, as an error", async () => {
  for (const [sent, status] of ended) await fixture.expectReported(sent, status);
  expect(ended.length).toBeGreaterThan(20);
});

test("a model that does not complete the connection within connectMs is answered 502", async () => {
  // It listens, but does not speak TLS: the handshake never ends.
  const own = await WorkerFixture.start({
    handlers: [{ route: "/go", timeouts: { connectMs: LIMIT } }],
    secureModel: true,
  });
  const body = own.envelope();
  const reply = await own.ask("/go", { body });
  expect({ status: reply.status, body: reply.json() }).toEqual({
    status: 502,
    body: { error: `the model did not accept a connection within ${LIMIT} ms` },
  });
  await own.expectReported(body, "Error");
  await eventually(() => expect(own.model.connections).toBe(0));
  await own.stop();
});
