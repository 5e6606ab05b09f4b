import { setTimeout as pause } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { WebSocket } from "ws";
import { NODE_LIMITS, type NodeLimits } from "../../../../../src/worker/server/node/limits.js";
import { eventually } from "../../../../support/eventually.js";
import { ask, RawClient } from "../../../../support/http-client.js";
import { endpoint, SocketRecorder, TestServer, text } from "../support/test-server.js";

const LIMIT = 1_000_000;
/** Milliseconds between two checks of whether a client is still there. */
const LOOK_MS = NODE_LIMITS.socketIdleMs / 3;
const KEY = "dGhlIHNhbXBsZSBub25jZQ==";
const HANDSHAKE = `GET /ws?a=1 HTTP/1.1\r\nhost: w\r\nconnection: upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\nsec-websocket-key: ${KEY}\r\n`;

let server: TestServer;
let sockets: SocketRecorder;
const clients: WebSocket[] = [];
beforeEach(() => start());
afterEach(() => {
  vi.useRealTimers();
  for (const client of clients.splice(0)) client.terminate();
  server.stop();
});

/** From now on the server's own time is advanced by the test, and what has arrived is read before that. */
function holdTime(): { readonly pass: (ms: number) => Promise<void> } {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  return {
    pass: async (ms) => {
      // The answer comes after all that was sent before: one process reads the bytes of both ends.
      await ask(`${server.url}/no-such-route`, { method: "GET" });
      vi.advanceTimersByTime(ms);
    },
  };
}

async function start(
  limits: Partial<NodeLimits> = {},
  onFrame?: (server: SocketRecorder) => void,
): Promise<void> {
  server?.stop();
  sockets = new SocketRecorder(onFrame);
  const required = endpoint("/ws", ({ method }, responder) =>
    responder.answer(text(426, "upgrade", "websocket"), method),
  );
  const notFound = endpoint("/*", (_, responder) => responder.answer(text(404), "no such route"));
  server = await TestServer.start(
    { endpoints: [required, notFound], sockets: [sockets.endpoint("/ws", LIMIT)] },
    limits,
  );
}

interface Client {
  readonly socket: WebSocket;
  readonly frames: { readonly text: string; readonly isBinary: boolean }[];
  /** Code and reason. */
  closed: string | undefined;
}

async function connected(protocols: string[] = [], path = "/ws"): Promise<Client> {
  const socket = new WebSocket(`ws://127.0.0.1:${server.port}${path}`, protocols);
  clients.push(socket);
  const client: Client = { socket, frames: [], closed: undefined };
  socket.on("error", () => {});
  socket.on("message", (frame, isBinary) => client.frames.push({ text: String(frame), isBinary }));
  socket.on("close", (code, reason) => {
    client.closed = `${code} ${reason}`;
  });
  await eventually(() => socket.readyState !== WebSocket.CONNECTING);
  return client;
}

test("frames go both ways as they are, text or binary, empty or large", async () => {
  const client = await connected();
  const large = "é".repeat(LIMIT / 2);
  client.socket.send("text");
  client.socket.send(Buffer.from([0, 255]));
  client.socket.send("");
  client.socket.send(large);
  await eventually(() => expect(sockets.frames).toHaveLength(4));
  expect(sockets.frames.map(({ frame, isBinary }) => [frame.length, isBinary])).toEqual([
    [4, false],
    [2, true],
    [0, false],
    [LIMIT, false],
  ]);
  expect(sockets.frames[3]?.frame.toString()).toBe(large);

  expect(sockets.socket.send(Buffer.from("text"), false)).toBe(true);
  expect(sockets.socket.send(Buffer.from("binary"), true)).toBe(true);
  expect(sockets.socket.send(Buffer.alloc(0), false)).toBe(true);
  sockets.socket.send(Buffer.from(large), false);
  await eventually(() =>
    expect(client.frames).toEqual([
      { text: "text", isBinary: false },
      { text: "binary", isBinary: true },
      { text: "", isBinary: false },
      { text: large, isBinary: false },
    ]),
  );
});

test("a frame may change after it was sent", async () => {
  const client = await connected();
  const frame = Buffer.from("one");
  sockets.socket.send(frame, false);
  frame.fill("x");
  await eventually(() => expect(client.frames).toEqual([{ text: "one", isBinary: false }]));
});

test("the first subprotocol that is offered is chosen, and no extension", async () => {
  const { socket } = await connected(["b.v2", "a"]);
  expect(socket.protocol).toBe("b.v2");
  expect(socket.extensions).toBe("");
  expect((await connected()).socket.protocol).toBe("");
});

test("the head is read when the client sends it, and what it sends at once is not lost", async () => {
  const client = await RawClient.connect(server.url);
  // A text frame whose mask is zero.
  const frame = Buffer.from([0x81, 0x82, 0, 0, 0, 0, 0x68, 0x69]);
  client.send(Buffer.concat([Buffer.from(`${HANDSHAKE}\r\n`), frame]));
  await client.receives(
    /^HTTP\/1\.1 101 Switching Protocols\r\n[\s\S]*Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK\+xOo=/,
  );
  await eventually(() => expect(sockets.frames.map(({ frame }) => frame.toString())).toEqual(["hi"]));
  expect(sockets.events).toEqual(["accept a=1", "open"]);
  client.leave();
});

describe("a request that cannot be upgraded is answered as any other, and the connection is kept:", () => {
  const answers = async (bytes: string, answer: RegExp): Promise<void> => {
    const client = await RawClient.connect(server.url);
    for (let n = 0; n < 2; n++) {
      client.received = "";
      client.send(bytes);
      await client.receives(answer);
    }
    client.leave();
    expect(sockets.events).toEqual([]);
  };
  const upgrade = (line: string, protocol = "websocket"): string =>
    `${line} HTTP/1.1\r\nhost: w\r\nconnection: upgrade\r\nupgrade: ${protocol}\r\n`;

  test("no upgrade at all", async () => {
    expect((await ask(`${server.url}/ws`, { method: "GET" })).status).toBe(426);
  });
  test("a path without a socket", () =>
    answers(HANDSHAKE.replace("/ws", "/other").concat("\r\n"), /^HTTP\/1\.1 404 [\s\S]*no such route$/));
  test("another protocol", () => answers(`${upgrade("GET /ws", "h2c")}\r\n`, /^HTTP\/1\.1 426 [\s\S]*GET$/));
  test("another protocol, and a body", () =>
    answers(`${upgrade("POST /ws", "h2c")}content-length: 5\r\n\r\nhello`, /^HTTP\/1\.1 426 [\s\S]*POST$/));
  test("another method", () =>
    answers(
      HANDSHAKE.replace("GET", "POST").concat("content-length: 0\r\n\r\n"),
      /^HTTP\/1\.1 426 [\s\S]*POST$/,
    ));
  test("no key", () => answers(`${upgrade("GET /ws")}\r\n`, /^HTTP\/1\.1 426 [\s\S]*GET$/));
});

test.each([
  ["an unknown version", HANDSHAKE.replace("version: 13", "version: 7"), /^HTTP\/1\.1 400 /],
  ["subprotocols that are no tokens", `${HANDSHAKE}sec-websocket-protocol: a b,,\r\n`, /^HTTP\/1\.1 400 /],
])("%s is refused", async (_, bytes, answer) => {
  const client = await RawClient.connect(server.url);
  client.send(`${bytes}\r\n`);
  await client.isClosed();
  expect(client.received).toMatch(answer);
  expect(sockets.events).toEqual(["accept a=1"]);
});

describe("a client's close is reported once:", () => {
  test.each<[string, (client: WebSocket) => void, string, string | undefined]>([
    [
      "with a code and a reason",
      (client) => client.close(4001, "é enough"),
      "close 4001 é enough",
      "4001 é enough",
    ],
    ["with a code", (client) => client.close(1000), "close 1000 ", "1000 "],
    ["without a code", (client) => client.close(), "close 1005 ", "1005 "],
    ["without a close frame", (client) => client.terminate(), "close 1006 ", undefined],
  ])("%s", async (_, leave, recorder, reported) => {
    const client = await connected();
    leave(client.socket);
    await eventually(() => expect(sockets.events.at(-1)).toBe(recorder));
    if (reported !== undefined) await eventually(() => expect(client.closed).toBe(reported));
    sockets.socket.close(1000);
    sockets.socket.terminate();
    expect(sockets.socket.send(Buffer.from("late"), false)).toBe(true);
    sockets.socket.pause();
    sockets.socket.resume();
    await pause(50);
    expect(sockets.events).toEqual(["accept ", "open", recorder]);
  });
});

const closePaused = (socket: SocketRecorder["socket"]): void => {
  socket.pause();
  socket.close(1001);
};

describe("a close of the worker itself is not reported:", () => {
  test.each<[string, (socket: SocketRecorder["socket"]) => void, string]>([
    ["with a code and a reason", (socket) => socket.close(4001, "enough"), "4001 enough"],
    ["without a code", (socket) => socket.close(), "1005 "],
    ["with a code that may not be sent", (socket) => socket.close(1006, "disconnect"), "1005 "],
    ["while it is paused", closePaused, "1001 "],
    ["without a close frame", (socket) => socket.terminate(), "1006 "],
  ])("%s", async (_, close, reported) => {
    const client = await connected();
    close(sockets.socket);
    client.socket.send("too late");
    await eventually(() => expect(client.closed).toBe(reported));
    await pause(50);
    expect(sockets.events).toEqual(["accept ", "open"]);
    expect(sockets.frames).toEqual([]);
  });
});

test("a client that never answers a close is cut off", async () => {
  await start({ closeMs: 200 });
  const client = await RawClient.connect(server.url);
  client.send(`${HANDSHAKE}\r\n`);
  await client.receives(/\r\n\r\n$/);
  sockets.socket.close(1000);
  await client.isClosed();
});

describe("what breaks the protocol closes the socket, and nothing else:", () => {
  const masked = (first: number, payload: Buffer): Buffer =>
    Buffer.concat([Buffer.from([first, 0x80 | payload.length, 0, 0, 0, 0]), payload]);
  test.each<[string, Buffer, number]>([
    ["garbage", Buffer.alloc(100, 0xff), 1002],
    ["a frame without a mask", Buffer.from([0x81, 0x01, 0x61]), 1002],
    ["text that is no UTF-8", masked(0x81, Buffer.from([0xff, 0xfe])), 1007],
    ["a message that is too long", Buffer.from([0x82, 0xff, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0]), 1009],
    ["a close with a code that is none", masked(0x88, Buffer.from([0x03, 0xed])), 1002],
  ])("%s", async (_, bytes, code) => {
    await start({ closeMs: 300 });
    const client = await RawClient.connect(server.url);
    client.send(`${HANDSHAKE}\r\n`);
    await client.receives(/\r\n\r\n$/);
    client.received = "";
    client.send(bytes);
    await client.isClosed();
    expect(Buffer.from(client.received, "latin1")).toEqual(Buffer.from([0x88, 0x02, code >> 8, code & 0xff]));
    await eventually(() => expect(sockets.events).toEqual(["accept a=1", "open", "close 1006 "]));
  });

  test("a message of the largest size does not", async () => {
    const client = await connected();
    client.socket.send(Buffer.alloc(LIMIT));
    await eventually(() => expect(sockets.frames).toHaveLength(1));
    client.socket.send(Buffer.alloc(LIMIT + 1));
    await eventually(() => expect(client.closed).toBe("1009 "));
    expect(sockets.frames).toHaveLength(1);
  });
});

test("a sender is notified when the client does not read, and when there is room again", async () => {
  const client = await connected();
  client.socket.pause();
  const frame = Buffer.alloc(100_000, "x");
  let sent = 0;
  // What the system takes at once is not waited for.
  await eventually(
    () => {
      sent++;
      return !sockets.socket.send(frame, true) && sockets.drains === 0;
    },
    { intervalMs: 1 },
  );
  let before = -1;
  await eventually(
    () => {
      const isStuck = before === sockets.drains;
      before = sockets.drains;
      while (!isStuck && sockets.socket.send(frame, true)) sent++;
      sent += isStuck ? 0 : 1;
      return isStuck;
    },
    { intervalMs: 200 },
  );
  const { drains } = sockets;
  client.socket.resume();
  await eventually(() => expect(client.frames).toHaveLength(sent));
  expect(sockets.drains).toBe(drains + 1);
});

test("a socket that is paused is not read: its client has to wait", async () => {
  const { pass } = holdTime();
  const client = await connected();
  sockets.socket.pause();
  const frame = Buffer.alloc(500_000, "x");
  for (let n = 0; n < 40; n++) client.socket.send(frame);
  for (let looks = 0; looks < 9; looks++) await pass(LOOK_MS);
  expect(sockets.frames.length).toBeLessThan(2);
  expect(client.socket.bufferedAmount).toBeGreaterThan(0);
  expect(sockets.events).toEqual(["accept ", "open"]);
  sockets.socket.resume();
  await eventually(() => expect(sockets.frames).toHaveLength(40));
});

test("a taker may pause at every frame", async () => {
  await start({}, ({ socket }) => {
    socket.pause();
    setImmediate(() => socket.resume());
  });
  const client = await connected();
  for (let n = 0; n < 200; n++) client.socket.send(String(n));
  await eventually(() => expect(sockets.frames).toHaveLength(200));
  expect(sockets.frames.map(({ frame }) => Number(frame))).toEqual(Array.from({ length: 200 }, (_, n) => n));
});

test("a client that shows no sign of life is pinged, and then cut off", async () => {
  await start({ socketIdleMs: 300 });
  const client = await RawClient.connect(server.url);
  client.send(`${HANDSHAKE}\r\n`);
  await client.receives("\r\n\r\n\x89\x00");
  await client.isClosed();
  await eventually(() => expect(sockets.events).toEqual(["accept a=1", "open", "close 1006 "]));
});

test("a client that leaves while it is not read is missed after some time", async () => {
  await start({ socketIdleMs: 200 });
  const client = await connected();
  sockets.socket.pause();
  client.socket.send("unread");
  await pause(50);
  client.socket.terminate();
  await eventually(() => expect(sockets.events.at(-1)).toBe("close 1006 "));
});

describe("a large frame to a slow client", () => {
  const SIZE = 60_000_000;
  /** More than the system holds of it. */
  const BUFFERS = 20_000_000;
  const IDLE_MS = 4500;
  /** Reads a large frame with pauses, which are far shorter than the limit and in all longer. */
  async function slowly(begin: (frame: Buffer) => void): Promise<RawClient> {
    await start({ socketIdleMs: IDLE_MS, closeMs: 2000 });
    const client = await RawClient.connect(server.url);
    client.send(`${HANDSHAKE}\r\n`);
    await client.receives(/\r\n\r\n$/);
    client.socket.removeAllListeners("data");
    begin(Buffer.alloc(SIZE, "x"));
    const startedAt = performance.now();
    while (client.socket.bytesRead < SIZE - BUFFERS && !client.closed) {
      client.socket.pause();
      await pause(IDLE_MS / 5);
      const wanted = Math.min(client.socket.bytesRead + 6_000_000, SIZE);
      client.socket.resume();
      await eventually(() => client.socket.bytesRead >= wanted || client.closed, { intervalMs: 1 });
    }
    expect(performance.now() - startedAt).toBeGreaterThan(IDLE_MS);
    client.socket.resume();
    await eventually(() => client.socket.bytesRead > SIZE);
    return client;
  }

  test("takes its time: the client is alive while it takes some of it", async () => {
    const client = await slowly((frame) => sockets.socket.send(frame, true));
    expect(sockets.events).toEqual(["accept a=1", "open"]);
    client.leave();
  });

  test("is taken whole before a close", async () => {
    const client = await slowly((frame) => {
      sockets.socket.send(frame, true);
      sockets.socket.close(1000);
    });
    await client.isClosed();
    expect(sockets.events).toEqual(["accept a=1", "open"]);
  });

  test.each([false, true])(
    "that takes nothing of it is cut off (closed by the worker: %s)",
    async (isClosed) => {
      await start({ socketIdleMs: 300, closeMs: 300 });
      const client = await connected();
      client.socket.pause();
      sockets.socket.send(Buffer.alloc(SIZE, "x"), true);
      if (isClosed) {
        sockets.socket.close(1000);
        await pause(1500);
      } else await eventually(() => expect(sockets.events).toContain("close 1006 "));
      client.socket.resume();
      await eventually(() => expect(client.closed).toBe("1006 "));
      expect(client.frames).toEqual([]);
      expect(sockets.events.slice(2)).toEqual(isClosed ? [] : ["close 1006 "]);
    },
  );
});

test("one that answers the pings stays", async () => {
  const { pass } = holdTime();
  const { socket } = await connected();
  let pings = 0;
  socket.on("ping", () => pings++);
  for (let n = 1; n <= 5; n++) {
    await pass(LOOK_MS);
    await eventually(() => expect(pings).toBe(n));
    // The check that sees the answer requires no ping.
    await pass(LOOK_MS);
  }
  await pass(0);
  expect(pings).toBe(5);
  expect(sockets.events).toEqual(["accept ", "open"]);
});

test("one that sends its own pings stays, and is sent none", async () => {
  const { pass } = holdTime();
  const { socket } = await connected();
  let pings = 0;
  socket.on("ping", () => pings++);
  for (let n = 0; n < 10; n++) {
    socket.ping();
    await pass(LOOK_MS);
  }
  await pass(0);
  expect(pings).toBe(0);
  expect(sockets.events).toEqual(["accept ", "open"]);
});

test("one that sends a large frame slowly stays", async () => {
  const { pass } = holdTime();
  const client = await RawClient.connect(server.url);
  client.send(`${HANDSHAKE}\r\n`);
  await client.receives(/\r\n\r\n$/);
  client.send(Buffer.from([0x82, 0xfe, 0, 200, 0, 0, 0, 0]));
  for (let n = 0; n < 20; n++) {
    client.send(Buffer.alloc(10));
    await pass(LOOK_MS);
  }
  await eventually(() => expect(sockets.frames.map(({ frame }) => frame.length)).toEqual([200]));
  expect(sockets.events).toEqual(["accept a=1", "open"]);
  client.leave();
});

test("close of the server closes its WebSockets", async () => {
  const client = await connected();
  server.stop();
  await eventually(() => expect(client.closed).toBe("1006 "));
  await eventually(() => expect(sockets.events).toEqual(["accept ", "open", "close 1006 "]));
});
