import { setTimeout as pause } from "node:timers/promises";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { NodeLimits } from "../../../../../src/worker/server/node/limits.js";
import { eventually } from "../../../../support/eventually.js";
import { ask, RawClient } from "../../../../support/http-client.js";
import { RequestRecorder, TestServer, text } from "../support/test-server.js";

const LIMIT = 1000;
const IDLE_MS = 30_000;
const REST_MS = 20_000;

let server: TestServer;
let recorder: RequestRecorder;
// The server's own time is advanced by the test: no client of these is slow because the machine is.
beforeEach(() => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  return start();
});
afterEach(() => {
  vi.useRealTimers();
  server.stop();
});

/** Answers everything at once. */
const answering = (): RequestRecorder =>
  new RequestRecorder((event, { responder, body }) => {
    if (event === "body") responder.answer(text(200), `${body?.length}`);
    if (event === "too large") responder.answer(text(413), "too large");
    if (event === "too slow") responder.answer(text(408), "too slow", true);
  });

async function start(own = answering(), limits: Partial<NodeLimits> = {}): Promise<void> {
  server?.stop();
  recorder = own;
  server = await TestServer.start(
    { endpoints: [recorder.endpoint("/a", LIMIT)] },
    { bodyIdleMs: IDLE_MS, restMs: REST_MS, ...limits },
  );
}

/** Waits until the server has read what was sent before: one process reads the bytes of both ends. */
const roundTrip = () => ask(`${server.url}/no-such-route`, { method: "GET" });

/** Lets times pass until the server has closed the connection. */
const isClosedAfter = (client: RawClient, ms: number): Promise<unknown> =>
  eventually(() => {
    if (!client.closed) vi.advanceTimersByTime(ms);
    return client.closed;
  });

const connected = (): Promise<RawClient> => RawClient.connect(server.url);
const announcing = (length: number, more = ""): string =>
  `POST /a HTTP/1.1\r\nhost: w\r\n${more}content-length: ${length}\r\n\r\n`;
const CHUNKED = "POST /a HTTP/1.1\r\nhost: w\r\ntransfer-encoding: chunked\r\n\r\n";

test("a body comes whole, however it is sent", async () => {
  const body = Buffer.from(Array.from({ length: LIMIT }, (_, n) => n % 251));
  const client = await connected();
  client.send(announcing(LIMIT));
  client.send(body);
  await client.receives(/\r\n\r\n1000$/);
  expect(recorder.body?.equals(body)).toBe(true);

  client.received = "";
  client.send(CHUNKED);
  for (const byte of body)
    client.send(Buffer.concat([Buffer.from("1\r\n"), Buffer.of(byte), Buffer.from("\r\n")]));
  client.send("0\r\n\r\n");
  await client.receives(/\r\n\r\n1000$/);
  expect(recorder.body?.equals(body)).toBe(true);

  client.received = "";
  client.send(announcing(LIMIT));
  for (let at = 0; at < LIMIT; at += 100) {
    client.send(body.subarray(at, at + 100));
    await pause(1);
  }
  await client.receives(/\r\n\r\n1000$/);
  expect(recorder.body?.equals(body)).toBe(true);
  expect(recorder.events).toEqual(["body", "body", "body"]);
  client.leave();
});

test.each(["GET", "POST", "HEAD"])("%s without a body has an empty one", async (method) => {
  await ask(`${server.url}/a`, { method, body: "" });
  expect(recorder.events).toEqual(["body"]);
  expect(recorder.body).toHaveLength(0);
});

test("an announced body that is too long is refused before it is sent", async () => {
  const client = await connected();
  client.send(announcing(LIMIT + 1));
  await client.receives(/^HTTP\/1\.1 413 [\s\S]*\r\n\r\ntoo large$/);
  expect(recorder.events).toEqual(["too large"]);
  client.leave();
});

test("one in chunks is refused as soon as it is too long", async () => {
  const client = await connected();
  client.send(`${CHUNKED}ffffff\r\n${"x".repeat(LIMIT + 1)}`);
  await client.receives(/^HTTP\/1\.1 413 [\s\S]*\r\n\r\ntoo large$/);
  expect(recorder.events).toEqual(["too large"]);
  client.leave();
});

test.each<[string, (size: number) => string, string]>([
  ["announced", (size) => announcing(size), ""],
  ["in chunks", (size) => `${CHUNKED}${size.toString(16)}\r\n`, "\r\n0\r\n\r\n"],
])("after the rest of a long body, %s, the connection serves the next request", async (_, head, end) => {
  const size = 20_000_000;
  const client = await connected();
  client.send(head(size));
  client.send(Buffer.alloc(size, "x"));
  client.send(end);
  await client.receives(/^HTTP\/1\.1 413 [\s\S]*too large$/);
  client.send(`${announcing(2)}{}`);
  await client.receives(/too largeHTTP\/1\.1 200 [\s\S]*\r\n\r\n2$/);
  expect(recorder.events).toEqual(["too large", "body"]);
  // The time for the rest is over, and of no concern any more.
  vi.advanceTimersByTime(2 * REST_MS);
  client.send(`${announcing(2)}{}`);
  await eventually(() => expect(recorder.events).toEqual(["too large", "body", "body"]));
  client.leave();
});

test("the rest of a body that never ends is not read forever", async () => {
  const client = await connected();
  client.send(CHUNKED);
  const chunk = `400\r\n${"x".repeat(1024)}\r\n`;
  const sending = setInterval(() => client.send(chunk), 5);
  await client.receives(/^HTTP\/1\.1 413 [\s\S]*too large$/);
  await isClosedAfter(client, REST_MS);
  clearInterval(sending);
  expect(recorder.events).toEqual(["too large"]);
});

test("a body that stops coming is too slow; one that trickles is not", async () => {
  const [stopped, trickling] = [await connected(), await connected()];
  stopped.send(`${announcing(10)}12345`);
  await roundTrip();
  vi.advanceTimersByTime(IDLE_MS - 1);
  expect(recorder.events).toEqual([]);
  vi.advanceTimersByTime(1);
  await stopped.isClosed();
  expect(stopped.received).toMatch(
    /^HTTP\/1\.1 408 [\s\S]*\r\nConnection: close\r\n[\s\S]*\r\n\r\ntoo slow$/,
  );
  expect(recorder.events).toEqual(["too slow"]);

  trickling.send(announcing(10));
  for (let n = 0; n < 10; n++) {
    await roundTrip();
    vi.advanceTimersByTime(IDLE_MS - 1);
    trickling.send("x");
  }
  await trickling.receives(/^HTTP\/1\.1 200 [\s\S]*\r\n\r\n10$/);
  expect(recorder.events).toEqual(["too slow", "body"]);
  trickling.leave();
});

test("a body that never begins is too slow", async () => {
  const client = await connected();
  client.send(announcing(10));
  await isClosedAfter(client, IDLE_MS);
  expect(client.received).toMatch(/^HTTP\/1\.1 408 /);
});

test("a client that leaves before its body is complete is a disconnect, once", async () => {
  const client = await connected();
  client.send(`${announcing(10)}12345`);
  await roundTrip();
  client.leave();
  await eventually(() => expect(recorder.events).toEqual(["disconnect"]));
  vi.advanceTimersByTime(2 * IDLE_MS);
  expect(recorder.events).toEqual(["disconnect"]);
});

test("one whose body is malformed gets an error, and is a disconnect, once", async () => {
  const client = await connected();
  client.send(`${CHUNKED}zz\r\n`);
  await client.isClosed();
  expect(client.received).toMatch(/^HTTP\/1\.1 400 /);
  await eventually(() => expect(recorder.events).toEqual(["disconnect"]));
});

test("one that leaves while it waits for the answer is a disconnect, once", async () => {
  await start(new RequestRecorder());
  const client = await connected();
  client.send(`${announcing(2)}{}`);
  await eventually(() => expect(recorder.events).toEqual(["body"]));
  client.leave();
  await eventually(() => expect(recorder.events).toEqual(["body", "disconnect"]));
  recorder.responder.answer(text(200), "too late");
  recorder.responder.close();
  await pause(100);
  expect(recorder.events).toEqual(["body", "disconnect"]);
});

test("one that leaves after its answer is not a disconnect", async () => {
  const client = await connected();
  client.send(`${announcing(2)}{}`);
  await client.receives(/\r\n\r\n2$/);
  client.leave();
  await pause(100);
  expect(recorder.events).toEqual(["body"]);
});

test("a body may take longer than its head may, and longer than the connection may be idle", async () => {
  await start(answering(), { headMs: 2000, keepAliveMs: 2000 });
  const client = await connected();
  client.send(`${announcing(10)}12345`);
  // Beyond the limits, and the time between two checks of them.
  await pause(4500);
  client.send("67890");
  await client.receives(/\r\n\r\n10$/);
  client.leave();
});

test("a client that expects 100-continue gets it", async () => {
  const client = await connected();
  client.send(announcing(2, "expect: 100-continue\r\n"));
  await client.receives(/^HTTP\/1\.1 100 Continue\r\n\r\n$/);
  client.send("{}");
  await client.receives(/HTTP\/1\.1 200 [\s\S]*\r\n\r\n2$/);
  client.leave();
});

test("what else a client expects does not matter", async () => {
  const client = await connected();
  client.send(`${announcing(2, "expect: something\r\n")}{}`);
  await client.receives(/^HTTP\/1\.1 200 [\s\S]*\r\n\r\n2$/);
  client.leave();
});

test("a request that is answered unread leaves the connection in order", async () => {
  server.stop();
  server = await TestServer.start({
    endpoints: [{ path: "/a", handle: (_, responder) => responder.answer(text(405), "no") }],
  });
  const client = await connected();
  for (const bytes of [`${announcing(5)}hello`, `${CHUNKED}5\r\nhello\r\n0\r\n\r\n`, announcing(0)]) {
    client.received = "";
    client.send(bytes);
    await client.receives(/^HTTP\/1\.1 405 [\s\S]*\r\n\r\nno$/);
  }
  client.leave();
});
