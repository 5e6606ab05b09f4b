import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { Worker } from "node:worker_threads";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { ModelClient } from "../../../src/model/client.js";
import type { ModelTimeouts } from "../../../src/model/connection.js";
import { eventually } from "../../support/eventually.js";
import { chunkBytes, headBytes, LAST_CHUNK, plain, RawModel, raw, silent } from "../../support/raw-model.js";
import { ask, Listener, NO_LIMITS } from "./support/listener.js";

const LIMIT = 300;
/** Milliseconds that a loaded machine may be late by. */
const LATE = 1000;

let model: RawModel;
const clients: ModelClient[] = [];

const clientWith = (limits: Partial<ModelTimeouts>, port = model.port): ModelClient => {
  const client = new ModelClient(`http://127.0.0.1:${port}`, { ...NO_LIMITS, ...limits });
  clients.push(client);
  return client;
};

beforeEach(async () => {
  model = await RawModel.start();
});

afterEach(async () => {
  for (const client of clients.splice(0)) client.close();
  await model.stop();
});

/** What a call comes to, and after how many milliseconds. */
async function timed(call: Promise<Listener>): Promise<Listener & { readonly ms: number }> {
  const start = performance.now();
  return Object.assign(await call, { ms: performance.now() - start });
}

const isClosed = () => eventually(() => expect(model.connections).toBe(0));
const headOfChunks = headBytes(200, ["transfer-encoding", "chunked"]);

describe("a limit", () => {
  test("ends a call that is not answered, and closes its connection", async () => {
    model.on("/", silent);
    const { heard, error, ms } = await timed(ask(clientWith({ headersMs: LIMIT }), "/"));
    expect(heard).toEqual(["error"]);
    expect(error).toMatchObject({ code: "MODEL_TIMEOUT", message: expect.stringContaining("300 ms") });
    expect(ms).toBeGreaterThan(LIMIT - 50);
    expect(ms).toBeLessThan(LIMIT + LATE);
  });
});

describe("the limit on the time until an answer begins", () => {
  test("closes the connection, over which an answer came before", async () => {
    model.on("/silent", silent);
    const client = clientWith({ headersMs: LIMIT });
    await ask(client, "/");
    const { heard, ms } = await timed(ask(client, "/silent"));
    expect(heard).toEqual(["error"]);
    expect(ms).toBeGreaterThan(LIMIT - 50);
    expect(new Set(model.requests.map(({ socket }) => socket)).size).toBe(1);
    await isClosed();
  });

  test.each([
    ["an interim answer", "HTTP/1.1 100 Continue\r\n\r\n"],
    ["half a head", "HTTP/1.1 200 OK\r\nx-a: 1\r\n"],
  ])("is not put off by %s", async (_, bytes) => {
    model.on("/", raw(bytes));
    expect((await ask(clientWith({ headersMs: LIMIT }), "/")).error).toMatchObject({ code: "MODEL_TIMEOUT" });
    await isClosed();
  });

  test("is over when it has begun, and does not count between requests", async () => {
    model.on("/", async ({ socket }) => {
      socket.write(Buffer.concat([headOfChunks, chunkBytes("a")]));
      setTimeout(() => socket.write(Buffer.concat([chunkBytes("b"), Buffer.from(LAST_CHUNK)])), LIMIT * 1.5);
    });
    const client = clientWith({ headersMs: LIMIT, idleMs: LIMIT * 10, connectMs: LIMIT });
    expect((await ask(client, "/")).text).toBe("ab");
    expect((await ask(client, "/")).text).toBe("ab");
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
    const { heard, error, ms } = await timed(ask(clientWith({ idleMs: LIMIT }), "/"));
    expect(heard.at(0)).toBe("head");
    expect(heard.at(-1)).toBe("error");
    expect(error).toMatchObject({ code: "MODEL_TIMEOUT", message: expect.stringContaining("300 ms") });
    expect(ms).toBeGreaterThan(LIMIT - 50);
    await isClosed();
  });

  test("begins anew with each piece", async () => {
    model.on("/", ({ socket }) => {
      socket.write(headOfChunks);
      let count = 0;
      const timer = setInterval(() => {
        socket.write(chunkBytes("x"));
        if (++count < 6) return;
        clearInterval(timer);
        socket.write(LAST_CHUNK);
      }, LIMIT / 4);
    });
    const { text, heard, ms } = await timed(ask(clientWith({ idleMs: LIMIT }), "/"));
    expect([text, ...heard]).toEqual(["xxxxxx", "head", "data", "end"]);
    expect(ms).toBeGreaterThan(LIMIT);
  });

  test("does not count while the taker has no room, and does again when it has", async () => {
    model.on("/", raw("HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhello"));
    const listener = new Listener({ onData: () => false });
    clientWith({ idleMs: LIMIT }).post("/", "{}", listener);
    await eventually(() => listener.size === 5);
    const paused = performance.now();
    await eventually(() => performance.now() - paused > 2 * LIMIT);
    expect(listener.heard).toEqual(["head", "data"]);
    listener.resume();
    const resumed = performance.now();
    await eventually(() => listener.isOver);
    expect(listener.error).toMatchObject({ code: "MODEL_TIMEOUT" });
    expect(performance.now() - resumed).toBeGreaterThan(LIMIT - 50);
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
        { intervalMs: 100 },
      );
      if (connected === fillers.length) context.skip("the backlog takes every connection here");
      const { heard, error, ms } = await timed(ask(clientWith({ connectMs: LIMIT }, port), "/"));
      expect(heard).toEqual(["error"]);
      expect(error).toMatchObject({
        code: "MODEL_UNREACHABLE",
        message: "the model did not accept a connection within 300 ms",
      });
      expect(ms).toBeGreaterThan(LIMIT - 50);
      expect(ms).toBeLessThan(LIMIT + LATE);
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
    const client = new ModelClient(url, { ...NO_LIMITS, connectMs: LIMIT });
    const { error } = await ask(client, "/");
    expect(error).toMatchObject({ code: "MODEL_UNREACHABLE" });
    await eventually(() => expect(sockets[0]?.destroyed).toBe(true));
    server.close();
  });

  test("is over with the connection", async () => {
    model.on(
      "/",
      ({ socket }) => void setTimeout(() => plain({ body: "late" })({ socket } as never), LIMIT * 2),
    );
    expect((await ask(clientWith({ connectMs: LIMIT }), "/")).text).toBe("late");
  });
});
