import { once } from "node:events";
import { connect, createServer } from "node:net";
import { setTimeout as pause } from "node:timers/promises";
import { afterEach, describe, expect, test, vi } from "vitest";
import { NODE_LIMITS, type NodeLimits } from "../../../../../src/worker/server/node/limits.js";
import { listenNode } from "../../../../../src/worker/server/node/listen.js";
import { eventually } from "../../../../support/eventually.js";
import { ask, RawClient } from "../../../../support/http-client.js";
import { endpoint, RequestRecorder, TestServer, text } from "../support/test-server.js";

let server: TestServer;
afterEach(() => {
  vi.useRealTimers();
  server?.stop();
});

const hello = endpoint("/a", (_, responder) => responder.answer(text(200), "hello"));
const GET = "GET /a HTTP/1.1\r\nhost: w\r\n\r\n";
const HELLO = /^HTTP\/1\.1 200 [\s\S]*\r\n\r\nhello$/;

async function start(limits: Partial<NodeLimits> = {}, endpoints = [hello]): Promise<RawClient> {
  server = await TestServer.start({ endpoints }, limits);
  return RawClient.connect(server.url);
}

describe("a request that cannot be served gets an error, and the connection is closed", () => {
  test.each<[string, string | Buffer, RegExp]>([
    ["HTTP/1.0", "GET /a HTTP/1.0\r\nhost: w\r\n\r\n", /^HTTP\/1\.1 505 /],
    ["HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", /^HTTP\/1\.1 (400|505) /],
    ["no host", "GET /a HTTP/1.1\r\n\r\n", /^HTTP\/1\.1 400 /],
    ["text", "hello, how are you?\r\n\r\n", /^HTTP\/1\.1 400 /],
    ["zeros", Buffer.alloc(1000), /^HTTP\/1\.1 400 /],
    [
      "a length that is no number",
      "POST /a HTTP/1.1\r\nhost: w\r\ncontent-length: ten\r\n\r\n",
      /^HTTP\/1\.1 400 /,
    ],
    [
      "a length and chunks",
      "POST /a HTTP/1.1\r\nhost: w\r\ncontent-length: 5\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
      /^HTTP\/1\.1 400 /,
    ],
    [
      "17 KiB of headers",
      `GET /a HTTP/1.1\r\nhost: w\r\nx: ${"x".repeat(17 * 1024)}\r\n\r\n`,
      /^HTTP\/1\.1 431 /,
    ],
    ["a path of 17 KiB", `GET /${"x".repeat(17 * 1024)} HTTP/1.1\r\nhost: w\r\n\r\n`, /^HTTP\/1\.1 431 /],
    ["an endpoint that there is not", "GET /b HTTP/1.1\r\nhost: w\r\n\r\n", /^HTTP\/1\.1 404 /],
  ])("%s", async (_, bytes, answer) => {
    const client = await start();
    client.send(bytes);
    await client.isClosed();
    expect(client.received).toMatch(answer);
    expect((await ask(`${server.url}/a`)).body.toString()).toBe("hello");
  });
});

test("15 KiB of headers are served", async () => {
  const client = await start();
  client.send(`GET /a HTTP/1.1\r\nhost: w\r\nx: ${"x".repeat(15 * 1024)}\r\n\r\n`);
  await client.receives(HELLO);
  client.leave();
});

test.each([
  ["OPTIONS * HTTP/1.1\r\nhost: w\r\n\r\n", "*"],
  ["CONNECT other:80 HTTP/1.1\r\nhost: w\r\n\r\n", "other:80"],
  ["GET http://other/a HTTP/1.1\r\nhost: w\r\n\r\n", "http://other/a"],
])("%j has the fallback for an answer", async (bytes) => {
  const fallback = endpoint("/*", (_, responder) => responder.answer(text(404), "no such route"));
  const client = await start({}, [hello, fallback]);
  client.send(bytes);
  await client.receives(/^HTTP\/1\.1 404 [\s\S]*\r\n\r\nno such route$/);
  client.leave();
});

test("a connection on which no request comes, or half of its head, is closed", async () => {
  const client = await start({ headMs: 200 });
  const other = await RawClient.connect(server.url);
  other.send("GET /a HTTP/1.1\r\nhost: ");
  await Promise.all([client.isClosed(), other.isClosed()]);
  for (const { received } of [client, other]) expect(received).toMatch(/^(HTTP\/1\.1 408 |$)/);
});

test("an idle connection is kept for a while, and then closed", async () => {
  const client = await start({ keepAliveMs: 2500, headMs: 2500 });
  for (let n = 0; n < 3; n++) {
    client.received = "";
    client.send(GET);
    await client.receives(HELLO);
    // Far less than the limit, and with the other pauses more.
    await pause(900);
  }
  expect(client.closed).toBe(false);
  await client.isClosed();
});

test("a request that waits for its answer is not idle", async () => {
  const recorder = new RequestRecorder();
  const others = { bodyIdleMs: 100, restMs: 100, stallMs: 100 };
  const client = await start({ keepAliveMs: 2500, headMs: 2500, ...others }, [recorder.endpoint("/a")]);
  for (const [events, ms] of [
    [1, 0],
    // Beyond every limit, and the time between two checks of them.
    [2, 5500],
  ]) {
    client.received = "";
    client.send(GET);
    await eventually(() => recorder.events.length === events);
    await pause(ms);
    recorder.responder.answer(text(200), "hello");
    await client.receives(HELLO);
  }
  expect(recorder.events).toEqual(["body", "body"]);
  client.leave();
});

test("a client that wants the connection closed has it closed after its answer", async () => {
  const client = await start();
  client.send("GET /a HTTP/1.1\r\nhost: w\r\nconnection: close\r\n\r\n");
  await client.isClosed();
  expect(client.received).toMatch(HELLO);
});

describe("pipelined requests", () => {
  test("are answered in order, even where the second answer is there before the first", async () => {
    const recorder = new RequestRecorder();
    const client = await start({}, [recorder.endpoint("/slow"), hello]);
    client.send(`${GET.replace("/a", "/slow")}${GET.repeat(20)}`);
    await eventually(() => recorder.events.includes("body"));
    await pause(50);
    expect(client.received).toBe("");
    recorder.responder.answer(text(201), "slow");
    await client.receives(/^HTTP\/1\.1 201 [\s\S]*\r\n\r\nslow(HTTP\/1\.1 200 [\s\S]*?\r\n\r\nhello){20}$/);
    client.leave();
  });

  test("all get the disconnect of their client, each once", async () => {
    const all = [new RequestRecorder(), new RequestRecorder(), new RequestRecorder()];
    const client = await start(
      {},
      all.map((recorder, n) => recorder.endpoint(`/${n}`)),
    );
    client.send(all.map((_, n) => GET.replace("/a", `/${n}`)).join(""));
    await eventually(() => all.every(({ events }) => events.includes("body")));
    const [first, second] = all;
    first?.begin().write(Buffer.from("x"));
    second?.begin().write(Buffer.alloc(1_000_000));
    client.leave();
    await eventually(() =>
      expect(all.map(({ events }) => events.at(-1))).toEqual(["disconnect", "disconnect", "disconnect"]),
    );
    await pause(50);
    for (const { events } of all) expect(events).toEqual(["body", "disconnect"]);
  });

  test("wait for the one before as long as it takes", async () => {
    const [slow, next] = [new RequestRecorder(), new RequestRecorder()];
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    const client = await start({}, [slow.endpoint("/slow"), next.endpoint("/next"), hello]);
    client.send(`${GET.replace("/a", "/slow")}${GET.replace("/a", "/next")}${GET}`);
    await eventually(() => next.events.includes("body"));
    const writer = next.begin();
    expect(writer.write(Buffer.alloc(1_000_000, "x"))).toBe(false);
    writer.end();
    vi.advanceTimersByTime(5 * NODE_LIMITS.stallMs);
    expect(next.events).toEqual(["body"]);
    slow.responder.answer(text(201), "slow");
    await client.receives(/^HTTP\/1\.1 201 [\s\S]*xxx\r\n0\r\n\r\nHTTP\/1\.1 200 [\s\S]*\r\n\r\nhello$/);
    expect(next.events).toEqual(["body", "finish"]);
    client.leave();
  });
});

test("a client that has closed its sending side still gets its answer", async () => {
  const client = await start();
  client.socket.end(GET);
  await client.isClosed();
  expect(client.received).toMatch(HELLO);
});

describe("a port that cannot be had is an error with its code:", () => {
  const options = { certificate: undefined, endpoints: [], sockets: [] };

  test("it is taken", async () => {
    const other = createServer().listen(0, "127.0.0.1");
    await once(other, "listening");
    const { port } = other.address() as { port: number };
    const listening = listenNode({ ...options, host: "127.0.0.1", port });
    await expect(listening).rejects.toMatchObject({ code: "EADDRINUSE" });
    other.close();
  });

  test("the machine has no such address", async () => {
    const listening = listenNode({ ...options, host: "203.0.113.7", port: 0 });
    await expect(listening).rejects.toMatchObject({ code: "EADDRNOTAVAIL" });
  });
});

test("close closes the port and every connection, which waiting requests get as a disconnect", async () => {
  const recorder = new RequestRecorder();
  const idle = await start({}, [recorder.endpoint("/a")]);
  const [waiting, half] = [await RawClient.connect(server.url), await RawClient.connect(server.url)];
  waiting.send(GET);
  half.send("POST /a HTTP/1.1\r\nhost: w\r\ncontent-length: 5\r\n\r\nhe");
  await eventually(() => recorder.events.includes("body"));
  server.stop();
  await Promise.all([idle.isClosed(), waiting.isClosed(), half.isClosed()]);
  await eventually(() => expect(recorder.events).toEqual(["body", "disconnect", "disconnect"]));
  const late = connect(server.port, "127.0.0.1");
  const [error] = (await once(late, "error")) as [NodeJS.ErrnoException];
  expect(error.code).toBe("ECONNREFUSED");
});
