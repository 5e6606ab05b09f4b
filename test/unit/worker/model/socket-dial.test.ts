import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";
import { setTimeout as pause } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { TsworkerError } from "../../../../src/shared/errors.js";
import type { ModelTimeouts } from "../../../../src/worker/model/connection.js";
import {
  ModelSocket,
  type ModelSocketSink,
  type ModelSocketTarget,
} from "../../../../src/worker/model/socket.js";
import { eventually } from "../../../support/eventually.js";
import { headBytes, RawModel, silent } from "../../../support/raw-model.js";
import { SocketModel } from "../../../support/socket-model.js";
import { NO_LIMITS } from "./support/listener.js";

/** Keeps what it receives. */
class Sink implements ModelSocketSink {
  readonly frames: string[] = [];
  closed: string | undefined;
  error: TsworkerError | undefined;
  drains = 0;
  onModelFrame(frame: Buffer): void {
    this.frames.push(frame.toString());
  }
  onModelDrain(): void {
    this.drains++;
  }
  onModelClosed(code: number, reason: string): void {
    this.closed = `${code} ${reason}`;
  }
  onModelFailed(error: TsworkerError): void {
    this.error = error;
  }
}

let model: RawModel;
let accepting: SocketModel;
const sockets: ModelSocket[] = [];
beforeEach(async () => {
  model = await RawModel.start();
  accepting = new SocketModel();
});
afterEach(async () => {
  vi.useRealTimers();
  for (const socket of sockets.splice(0)) socket.abandon();
  await model.stop();
});

function open(target: Partial<ModelSocketTarget> = {}, limits: Partial<ModelTimeouts> = {}) {
  const sink = new Sink();
  const socket = new ModelSocket({ ...NO_LIMITS, ...limits }, sink);
  sockets.push(socket);
  socket.open({
    server: `http://127.0.0.1:${model.port}`,
    path: "/ws",
    query: "",
    protocol: "",
    maxMessageBytes: 1024,
    ...target,
  });
  return { sink, socket };
}

/** From now on the worker's own time is advanced by the test. */
const holdTime = () => vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });

const isAsked = () => eventually(() => model.requests.length > 0);

describe("the model is called", () => {
  test.each([
    ["its path", {}, "/ws"],
    ["with the query as it is", { query: "b=2&a=%41'\"&&" }, "/ws?b=2&a=%41'\"&&"],
    ["below the base path", { base: "/base/v1", query: "a" }, "/base/v1/ws?a"],
    ["with what is not ASCII escaped", { path: "/wś", query: "ü" }, "/w%C5%9B?%C3%BC"],
    ["with what looks like a path elsewhere", { path: "/a/../b//c" }, "/a/../b//c"],
  ])(
    "for %s",
    async (_, { base = "", ...target }: { base?: string; path?: string; query?: string }, path) => {
      open({ server: `http://127.0.0.1:${model.port}${base}`, ...target });
      await isAsked();
      expect(model.last.head).toMatch(`GET ${path} HTTP/1.1\r\n`);
      expect(model.last.headers.get("host")).toBe(`127.0.0.1:${model.port}`);
    },
  );

  test("by name or by address", async () => {
    open({ server: `http://localhost:${model.port}` });
    await isAsked();
    expect(model.last.headers.get("host")).toBe(`localhost:${model.port}`);
  });

  test("for no extension", async () => {
    open();
    await isAsked();
    expect(model.last.headers.has("sec-websocket-extensions")).toBe(false);
  });

  test("over TLS where its URL is https", async () => {
    const server = createServer().listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    holdTime();
    const { sink } = open({ server: `https://127.0.0.1:${port}` }, { connectMs: 300 });
    const [connection] = await once(server, "connection");
    const [bytes] = (await once(connection, "data")) as [Buffer];
    // A handshake record.
    expect(bytes[0]).toBe(0x16);
    vi.advanceTimersByTime(300);
    expect(sink.error).toMatchObject({
      code: "MODEL_UNREACHABLE",
      message: "the model did not accept a connection within 300 ms",
    });
    server.close();
  });
});

describe("a model that was offered a subprotocol", () => {
  test("and accepts it is connected with it", async () => {
    model.on("/ws", accepting.accept);
    const { socket } = open({ protocol: "chat.v1" });
    const end = await accepting.accepted();
    expect(end.request.headers.get("sec-websocket-protocol")).toBe("chat.v1");
    expect(end.socket.protocol).toBe("chat.v1");
    await eventually(() => socket.isOpen);
  });

  test("and accepts none is unreachable: the client has been promised one", async () => {
    model.on("/ws", ({ socket, headers }) => {
      expect(headers.get("sec-websocket-protocol")).toBe("chat.v1");
      socket.write(headBytes(101, ["upgrade", "websocket", "connection", "upgrade"]));
    });
    const { sink } = open({ protocol: "chat.v1" });
    await eventually(() => sink.error !== undefined);
    expect(sink.error).toMatchObject({ code: "MODEL_UNREACHABLE" });
  });
});

describe("a model that does not accept", () => {
  test.each([
    ["headersMs", { headersMs: 200, connectMs: 10_000 }, 200],
    ["connectMs, where headersMs is null: there is nothing to compute", { connectMs: 300 }, 300],
  ])("is given %s", async (_, limits, ms) => {
    model.on("/ws", silent);
    holdTime();
    const { sink } = open({}, limits);
    await isAsked();
    vi.advanceTimersByTime(ms - 1);
    expect(sink.error).toBeUndefined();
    vi.advanceTimersByTime(1);
    expect(sink.error).toMatchObject({
      code: "MODEL_TIMEOUT",
      message: `the model did not accept the WebSocket within ${ms} ms`,
    });
    await eventually(() => expect(model.connections).toBe(0));
  });

  test("gets no more time by sending byte after byte of a head", async () => {
    model.on("/ws", ({ socket }) => {
      socket.write("HTTP/1.1 101 ");
    });
    holdTime();
    const { sink } = open({}, { headersMs: 300 });
    await isAsked();
    for (let passed = 0; passed < 300; passed += 20) {
      expect(sink.error).toBeUndefined();
      model.last.socket.write("x");
      await pause(5);
      vi.advanceTimersByTime(20);
    }
    expect(sink.error).toMatchObject({ code: "MODEL_TIMEOUT" });
  });

  test("is reported once, with the cause", async () => {
    await model.stop();
    const { sink } = open();
    await eventually(() => sink.error !== undefined);
    expect(sink.error).toMatchObject({ code: "MODEL_UNREACHABLE", cause: { code: "ECONNREFUSED" } });
    expect(sink.closed).toBeUndefined();
    await model.listen();
  });
});

describe("one that is abandoned", () => {
  test("before it was opened discards what is sent", () => {
    const sink = new Sink();
    const socket = new ModelSocket(NO_LIMITS, sink);
    socket.send(Buffer.alloc(100), true);
    socket.abandon();
    expect(socket.waiting).toBe(0);
    expect(socket.send(Buffer.alloc(2 ** 21), true)).toBe(true);
    expect(socket.waiting).toBe(0);
  });

  test("while it is dialled closes the connection and reports nothing", async () => {
    model.on("/ws", silent);
    const { sink, socket } = open();
    await isAsked();
    socket.abandon();
    await eventually(() => expect(model.connections).toBe(0));
    expect(sink).toMatchObject({ error: undefined, closed: undefined });
  });

  test("in the moment in which it was opened, too", async () => {
    const { sink, socket } = open();
    socket.abandon();
    await eventually(() => expect(model.connections).toBe(0));
    expect(sink).toMatchObject({ error: undefined, closed: undefined });
  });
});
