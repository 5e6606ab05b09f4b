import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { Worker } from "node:worker_threads";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { ModelTimeouts } from "../../../../src/worker/model/connection.js";
import { eventually } from "../../../support/eventually.js";
import {
  chunkBytes,
  headBytes,
  LAST_CHUNK,
  plain,
  RawModel,
  raw,
  silent,
} from "../../../support/raw-model.js";
import { ask, Listener, LoneClient, type Reactions } from "./support/listener.js";

const LIMIT = 300;

let model: RawModel;
const clients: LoneClient[] = [];

const clientWith = (limits: Partial<ModelTimeouts>, port = model.port): LoneClient => {
  const client = new LoneClient(`http://127.0.0.1:${port}`, limits);
  clients.push(client);
  return client;
};

// The client's own time is advanced by the test.
beforeEach(async () => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  model = await RawModel.start();
});

afterEach(async () => {
  vi.useRealTimers();
  for (const client of clients.splice(0)) client.close();
  await model.stop();
});

/** Sends a request, and records its outcome. */
function begun(client: LoneClient, path = "/", reactions: Reactions = {}): Listener {
  const listener = new Listener(reactions);
  client.post(path, "{}", listener);
  return listener;
}

/** Waits until the model was asked so often. */
const isAsked = (times = 1) => eventually(() => expect(model.requests).toHaveLength(times));

/** Waits until the client has read what the model sent before: one process reads the bytes of both ends. */
async function isRead(): Promise<void> {
  const other = clientWith({});
  await ask(other, "/other");
  other.close();
}

/** Lets the limit pass, and sees that nothing ends before. */
function expectEndAtLimit(listener: Listener): void {
  vi.advanceTimersByTime(LIMIT - 1);
  expect(listener.isOver).toBe(false);
  vi.advanceTimersByTime(1);
  expect(listener.isOver).toBe(true);
}

const isClosed = () => eventually(() => expect(model.connections).toBe(0));
const headOfChunks = headBytes(200, ["transfer-encoding", "chunked"]);

describe("a limit", () => {
  test("ends a call that is not answered, and closes its connection", async () => {
    model.on("/", silent);
    const listener = begun(clientWith({ headersMs: LIMIT }));
    await isAsked();
    expectEndAtLimit(listener);
    expect(listener.received).toEqual(["error"]);
    expect(listener.error).toMatchObject({
      code: "MODEL_TIMEOUT",
      message: expect.stringContaining("300 ms"),
    });
    await isClosed();
  });
});

describe("the limit on the time until an answer begins", () => {
  test("closes the connection, over which an answer was received before", async () => {
    model.on("/silent", silent);
    const client = clientWith({ headersMs: LIMIT });
    await ask(client, "/");
    const listener = begun(client, "/silent");
    await isAsked(2);
    expectEndAtLimit(listener);
    expect(listener.received).toEqual(["error"]);
    expect(new Set(model.requests.map(({ socket }) => socket)).size).toBe(1);
    await isClosed();
  });

  test.each([
    ["an interim answer", "HTTP/1.1 100 Continue\r\n\r\n"],
    ["half a head", "HTTP/1.1 200 OK\r\nx-a: 1\r\n"],
  ])("is not put off by %s", async (_, bytes) => {
    model.on("/", raw(bytes));
    const listener = begun(clientWith({ headersMs: LIMIT }));
    await isAsked();
    vi.advanceTimersByTime(LIMIT - 1);
    await isRead();
    vi.advanceTimersByTime(1);
    expect(listener.error).toMatchObject({ code: "MODEL_TIMEOUT" });
    await isClosed();
  });

  test("is over when it has begun, and does not count between requests", async () => {
    const first = Buffer.concat([headOfChunks, chunkBytes("a")]);
    const second = Buffer.concat([chunkBytes("b"), Buffer.from(LAST_CHUNK)]);
    model.on("/", raw(first));
    const client = clientWith({ headersMs: LIMIT, idleMs: LIMIT * 10, connectMs: LIMIT });
    for (const times of [1, 2]) {
      const listener = begun(client);
      await isAsked(times);
      await eventually(() => listener.text === "a");
      vi.advanceTimersByTime(2 * LIMIT);
      model.last.socket.write(second);
      await eventually(() => listener.isOver);
      expect(listener.text).toBe("ab");
      vi.advanceTimersByTime(2 * LIMIT);
    }
    expect(new Set(model.requests.map(({ socket }) => socket)).size).toBe(1);
  });
});

describe("the limit on the model's silence", () => {
  test.each([
    ["after the head", headOfChunks],
    ["in the middle of a chunk", Buffer.concat([headOfChunks, Buffer.from("5\r\nhe")])],
    [
      "in the middle of a body of known length",
      Buffer.from("HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhe"),
    ],
    ["before the end of the connection", Buffer.from("HTTP/1.1 200 OK\r\n\r\nhe")],
    ["before the trailers", Buffer.concat([headOfChunks, Buffer.from("0\r\n")])],
  ])("ends a call %s, and closes its connection", async (_, bytes) => {
    model.on("/", raw(bytes));
    const listener = begun(clientWith({ idleMs: LIMIT }));
    await eventually(() => listener.received.length > 0);
    // A piece of its own may come in a second read.
    await isRead();
    expectEndAtLimit(listener);
    expect(listener.received.at(0)).toBe("head");
    expect(listener.received.at(-1)).toBe("error");
    expect(listener.error).toMatchObject({
      code: "MODEL_TIMEOUT",
      message: expect.stringContaining("300 ms"),
    });
    await isClosed();
  });

  test("begins anew with each piece", async () => {
    model.on("/", raw(headOfChunks));
    const listener = begun(clientWith({ idleMs: LIMIT }));
    await eventually(() => expect(listener.received).toEqual(["head"]));
    for (let size = 1; size <= 6; size++) {
      vi.advanceTimersByTime(LIMIT - 1);
      model.last.socket.write(chunkBytes("x"));
      await eventually(() => expect(listener.size).toBe(size));
    }
    model.last.socket.write(LAST_CHUNK);
    await eventually(() => listener.isOver);
    expect(listener.received).toEqual(["head", "data", "end"]);
  });

  test("does not count while the taker has no room, and does again when it has", async () => {
    model.on("/", raw("HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhello"));
    const listener = begun(clientWith({ idleMs: LIMIT }), "/", { onData: () => false });
    await eventually(() => listener.size === 5);
    vi.advanceTimersByTime(5 * LIMIT);
    expect(listener.received).toEqual(["head", "data"]);
    listener.resume();
    expectEndAtLimit(listener);
    expect(listener.error).toMatchObject({ code: "MODEL_TIMEOUT" });
    await isClosed();
  });
});

describe("the limit on the time to connect", () => {
  test("ends a call when the model accepts no connection", async (context) => {
    // A thread that listens and then never looks: the system takes a few connections for it and no more.
    const code = `
      const { parentPort, workerData } = require("node:worker_threads");
      const server = require("node:net").createServer();
      server.listen({ host: "127.0.0.1", port: 0, backlog: 1 }, () => {
        parentPort.postMessage(server.address().port);
        setImmediate(() => {
          Atomics.wait(workerData, 0, 0);
          process.exit();
        });
      });`;
    const flag = new Int32Array(new SharedArrayBuffer(4));
    const thread = new Worker(code, { eval: true, workerData: flag });
    const fillers: Socket[] = [];
    try {
      const [port] = (await once(thread, "message")) as [number];
      let connected = 0;
      for (let count = 0; count < 8; count++) {
        fillers.push(
          connect(port, "127.0.0.1", () => {
            connected++;
          }).on("error", () => {}),
        );
      }
      let before = -1;
      await eventually(
        () => {
          const isSteady = connected === before;
          before = connected;
          return isSteady && connected > 0;
        },
        { intervalMs: 300 },
      );
      if (connected === fillers.length) context.skip("the backlog takes every connection here");
      const listener = begun(clientWith({ connectMs: LIMIT }, port));
      // Connections are made at the end of a turn of the event loop.
      await new Promise(setImmediate);
      expectEndAtLimit(listener);
      expect(listener.received).toEqual(["error"]);
      expect(listener.error).toMatchObject({
        code: "MODEL_UNREACHABLE",
        message: "the model did not accept a connection within 300 ms",
      });
    } finally {
      for (const socket of fillers) socket.destroy();
      Atomics.store(flag, 0, 1);
      Atomics.notify(flag, 0);
      await once(thread, "exit");
    }
  });

  test("covers the TLS handshake", async () => {
    const sockets: Socket[] = [];
    const server = createServer((socket) => {
      sockets.push(socket.on("error", () => {}));
      socket.resume();
    });
    await once(server.listen(0, "127.0.0.1"), "listening");
    const url = `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const client = new LoneClient(url, { connectMs: LIMIT });
    const listener = begun(client);
    await eventually(() => expect(sockets[0]?.bytesRead).toBeGreaterThan(0));
    expectEndAtLimit(listener);
    expect(listener.error).toMatchObject({ code: "MODEL_UNREACHABLE" });
    client.close();
    await eventually(() => expect(sockets[0]?.destroyed).toBe(true));
    server.close();
  });

  test("is over with the connection", async () => {
    model.on("/", silent);
    const listener = begun(clientWith({ connectMs: LIMIT }));
    await isAsked();
    vi.advanceTimersByTime(2 * LIMIT);
    void plain({ body: "late" })(model.last);
    await eventually(() => listener.isOver);
    expect(listener.text).toBe("late");
  });
});
