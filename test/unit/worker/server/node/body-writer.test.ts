import { setTimeout as pause } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { eventually } from "../../../../support/eventually.js";
import { open, RawClient, read } from "../../../../support/http-client.js";
import { RequestRecorder, TestServer } from "../support/test-server.js";

const STALL_MS = 60_000;
const HIGH_WATER = 64 * 1024;
/** In which nothing is lost or moved without being seen. */
const PIECE = Buffer.from(Array.from({ length: 100_003 }, (_, n) => (n * 2654435761) >>> 24));
const POST = "POST /a HTTP/1.1\r\nhost: w\r\ncontent-length: 2\r\n\r\n{}";

let server: TestServer;
let recorder: RequestRecorder;
// The server's own time is advanced by the test: no reader of these is slow because the machine is.
beforeEach(() => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
});
afterEach(() => {
  vi.useRealTimers();
  server.stop();
});

async function start(react: (event: string, recorder: RequestRecorder) => void = () => {}): Promise<void> {
  recorder = new RequestRecorder(react);
  server = await TestServer.start({ endpoints: [recorder.endpoint("/a")] }, { stallMs: STALL_MS });
}

/** Waits until the system takes nothing more for a client that does not read. */
async function isStuck(): Promise<void> {
  let before = -1;
  await eventually(
    () => {
      const { length } = recorder.events;
      const isStill = length === before;
      before = length;
      return isStill && length > 0;
    },
    { intervalMs: 100 },
  );
}

/** Writes pieces while there is room, so many in all. */
function pouring(count: number, length?: number): (event: string, recorder: RequestRecorder) => void {
  let left = count;
  return (event, recorder) => {
    if (event !== "body" && event !== "drain") return;
    const writer = event === "body" ? recorder.begin(length) : recorder.writer;
    while (left > 0) {
      left--;
      if (!writer.write(PIECE)) return;
    }
    writer.end();
  };
}

test("the head goes out at once, each piece as it is written, and the end is reported", async () => {
  await start();
  const client = await RawClient.connect(server.url);
  client.send(POST);
  await eventually(() => recorder.events.includes("body"));
  const writer = recorder.begin();
  await client.receives(/^HTTP\/1\.1 200 OK\r\n[\s\S]*\r\n\r\n$/);
  expect(writer.write(Buffer.from("one"))).toBe(true);
  await client.receives(/\r\n\r\n3\r\none\r\n$/);
  expect(writer.write(Buffer.from("two"))).toBe(true);
  await client.receives(/\r\n\r\n3\r\none\r\n3\r\ntwo\r\n$/);
  expect(recorder.events).toEqual(["body"]);
  writer.end();
  await client.receives(/two\r\n0\r\n\r\n$/);
  await eventually(() => expect(recorder.events).toEqual(["body", "finish"]));
  client.leave();
  await pause(50);
  expect(recorder.events).toEqual(["body", "finish"]);
});

describe.each<[string, number | undefined]>([
  ["in chunks", undefined],
  ["of known length", PIECE.length * 300],
])("a long answer %s", (_, length) => {
  test("waits for a client that does not read, and then arrives byte by byte", async () => {
    await start(pouring(300, length));
    const answer = await open(`${server.url}/a`, { body: "{}" });
    // It is paused: nothing is read beyond what a stream holds.
    await isStuck();
    expect(recorder.events).not.toContain("finish");
    const { body, complete } = await read(answer);
    expect({ length: body.length, complete }).toEqual({ length: PIECE.length * 300, complete: true });
    for (let at = 0; at < body.length; at += PIECE.length)
      expect(PIECE.compare(body, at, at + PIECE.length)).toBe(0);
    await eventually(() => expect(recorder.events.at(-1)).toBe("finish"));
    expect(recorder.events.filter((event) => event === "disconnect" || event === "finish")).toEqual([
      "finish",
    ]);
    if (length !== undefined) expect(answer.headers["content-length"]).toBe(String(length));
  });

  test("is broken off when the client takes nothing for too long, and the client counts as disconnected", async () => {
    await start(pouring(300, length));
    const client = await RawClient.connect(server.url);
    client.socket.pause();
    client.send(POST);
    await isStuck();
    vi.advanceTimersByTime(STALL_MS - 1);
    await pause(50);
    expect(recorder.events).not.toContain("disconnect");
    // Where the system has taken a last piece meanwhile the time has begun anew.
    await eventually(() => {
      vi.advanceTimersByTime(STALL_MS);
      expect(recorder.events.at(-1)).toBe("disconnect");
    });
    await pause(100);
    expect(recorder.events).not.toContain("finish");
    expect(recorder.events.filter((event) => event === "disconnect")).toHaveLength(1);
    client.leave();
  });

  test("is not broken off while the client takes some of it now and then", async () => {
    await start(pouring(300, length));
    const client = await RawClient.connect(server.url);
    client.socket.pause();
    client.send(POST);
    const drains = () => recorder.events.length;
    let rounds = 0;
    for (; !recorder.events.includes("finish"); rounds++) {
      await isStuck();
      vi.advanceTimersByTime(STALL_MS - 1);
      const wanted = client.socket.bytesRead + 2_000_000;
      const before = drains();
      client.socket.resume();
      await eventually(
        () =>
          (client.socket.bytesRead > wanted && drains() > before) ||
          recorder.events.includes("finish") ||
          recorder.events.includes("disconnect"),
        { intervalMs: 1 },
      );
      expect(recorder.events).not.toContain("disconnect");
      client.socket.pause();
    }
    expect(rounds).toBeGreaterThan(2);
    client.leave();
  });
});

test("a client that leaves in the middle is a disconnect, once, and nothing more is reported of the answer", async () => {
  await start(pouring(300));
  const client = await RawClient.connect(server.url);
  client.socket.pause();
  client.send(POST);
  await eventually(() => recorder.events.includes("body"));
  client.leave();
  await eventually(() => expect(recorder.events.at(-1)).toBe("disconnect"));
  const { length } = recorder.events;
  expect(recorder.writer.write(PIECE)).toBe(true);
  recorder.writer.end();
  vi.advanceTimersByTime(2 * STALL_MS);
  await pause(100);
  expect(recorder.events).toHaveLength(length);
});

test("a client that takes nothing of a whole answer is cut off, too", async () => {
  const big = "x".repeat(20_000_000);
  await start((event, { responder }) => {
    if (event === "body") responder.answer({ status: 200, headers: [], isAscii: true }, big);
  });
  const client = await RawClient.connect(server.url);
  client.socket.pause();
  client.send(POST);
  await eventually(() => recorder.events.includes("body"));
  vi.advanceTimersByTime(2 * STALL_MS);
  client.socket.resume();
  await client.isClosed();
  expect(client.received.length).toBeLessThan(big.length);
  expect(recorder.events).toEqual(["body"]);
});

test("one piece beyond what the socket holds is kept, and no more is pulled", async () => {
  await start();
  const client = await RawClient.connect(server.url);
  client.socket.pause();
  client.send(POST);
  await eventually(() => recorder.events.includes("body"));
  const writer = recorder.begin();
  // One piece, as a function gives its result: all of it, when the client reads again.
  const whole = Buffer.concat(Array.from({ length: 200 }, () => PIECE));
  expect(writer.write(whole)).toBe(false);
  writer.end();
  vi.advanceTimersByTime(STALL_MS / 2);
  await pause(100);
  expect(recorder.events).toEqual(["body"]);
  const pieces: Buffer[] = [];
  client.socket.on("data", (bytes) => pieces.push(bytes));
  client.socket.resume();
  await eventually(() => expect(recorder.events).toEqual(["body", "finish"]));
  await eventually(() => Buffer.concat(pieces.slice(-2)).toString("latin1").endsWith("0\r\n\r\n"));
  const parts = Math.ceil(whole.length / HIGH_WATER);
  expect(Buffer.concat(pieces).length).toBeGreaterThan(whole.length + parts * 5);
  client.leave();
});

test("a chunk may change after it was written", async () => {
  await start();
  const client = await RawClient.connect(server.url);
  client.send(POST);
  await eventually(() => recorder.events.includes("body"));
  const writer = recorder.begin();
  const chunk = Buffer.from("one");
  writer.write(chunk);
  chunk.fill("x");
  await client.receives("one");
  client.leave();
});

test("a writer that is closed writes and reports nothing more", async () => {
  await start();
  const client = await RawClient.connect(server.url);
  client.send(POST);
  await eventually(() => recorder.events.includes("body"));
  const writer = recorder.begin();
  writer.write(Buffer.from("one"));
  writer.close();
  expect(writer.write(Buffer.from("two"))).toBe(true);
  writer.end();
  recorder.responder.close();
  await client.isClosed();
  expect(client.received).toMatch(/\r\n\r\n3\r\none\r\n$/);
  expect(recorder.events).toEqual(["body"]);
});

test("an answer that is broken off is seen not to be whole, and no disconnect is reported", async () => {
  await start();
  const answering = open(`${server.url}/a`, { body: "{}" });
  await eventually(() => recorder.events.includes("body"));
  recorder.begin(100).write(Buffer.from("half"));
  const answer = await answering;
  recorder.responder.close();
  expect(await read(answer)).toMatchObject({ complete: false });
  await pause(50);
  expect(recorder.events).toEqual(["body"]);
});

test("an answer to HEAD that is begun has no body", async () => {
  await start((event) => {
    if (event !== "body") return;
    const writer = recorder.begin(5);
    writer.write(Buffer.from("hello"));
    writer.end();
  });
  const client = await RawClient.connect(server.url);
  client.send("HEAD /a HTTP/1.1\r\nhost: w\r\n\r\n");
  await client.receives(/^HTTP\/1\.1 200 OK\r\nContent-Length: 5\r\n[\s\S]*\r\n\r\n$/);
  await eventually(() => expect(recorder.events).toEqual(["body", "finish"]));
  client.leave();
});
