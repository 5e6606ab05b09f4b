import { once } from "node:events";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { eventually } from "../../../support/eventually.js";
import {
  type Behaviour,
  chunkBytes,
  chunked,
  closed,
  headBytes,
  LAST_CHUNK,
  plain,
  RawModel,
  raw,
  rawThenClose,
  silent,
} from "../../../support/raw-model.js";
import { ask, Listener, LoneClient } from "./support/listener.js";

let model: RawModel;
let client: LoneClient;

beforeEach(async () => {
  model = await RawModel.start();
  client = new LoneClient(`http://127.0.0.1:${model.port}`);
});

afterEach(async () => {
  client.close();
  await model.stop();
});

/** Connections over which requests came, in all. */
const connectionsUsed = (): number => new Set(model.requests.map(({ socket }) => socket)).size;

const ok = ["head", "data", "end"];
const hello = plain({ body: "hello" });

describe("a request", () => {
  test("goes out as HTTP/1.1, with its length and the host's name", async () => {
    await ask(client, "/v1/x", Buffer.from('{"a":"ü"}'));
    expect(model.last.head.split("\r\n")).toEqual([
      "POST /v1/x HTTP/1.1",
      `host: 127.0.0.1:${model.port}`,
      "accept: */*",
      "content-type: application/json",
      "content-length: 10",
    ]);
    expect(model.last.body.toString()).toBe('{"a":"ü"}');
  });

  test("goes below the path of the server's URL, beyond ASCII percent-encoded, whatever its body is", async () => {
    const below = new LoneClient(`http://127.0.0.1:${model.port}/base`);
    await ask(below, "/modèle/%20", "{}");
    await ask(below, "/modèle/%20", Buffer.from("{}"));
    expect(model.requests.map(({ path }) => path)).toEqual(Array(2).fill("/base/mod%C3%A8le/%20"));
    below.close();
  });

  test.each([0, 1, 65_536, 65_537, 5_000_000])("with a body of %i bytes arrives as it is", async (size) => {
    const body = Buffer.alloc(size, "0123456789abcdef-");
    expect((await ask(client, "/", body)).received).toEqual(ok);
    expect(model.last.body.equals(body)).toBe(true);
  });

  test.each([10, 65_537, 3_000_000])("with a body in parts of %i bytes arrives as one", async (size) => {
    const parts = ["a", "b", "c"].map((letter) => Buffer.alloc(size, letter));
    const listener = new Listener();
    client.post("/", parts, listener);
    await eventually(() => listener.isOver);
    expect(listener.received).toEqual(ok);
    expect(model.last.body.equals(Buffer.concat(parts))).toBe(true);
  });

  test("that cannot be written fails alone: those beside and behind it are served", async () => {
    // Memory that has been transferred: a write of it throws.
    const lost = Buffer.allocUnsafeSlow(10_000);
    structuredClone(lost.buffer, { transfer: [lost.buffer as ArrayBuffer] });
    const listener = new Listener();
    client.post("/", lost, listener);
    const beside = ask(client, "/");
    await eventually(() => listener.isOver);
    expect(listener.received).toEqual(["error"]);
    expect(listener.error).toMatchObject({
      code: "MODEL_UNREACHABLE",
      message: "the request could not be sent",
    });
    expect((await beside).received).toEqual(ok);
    expect((await ask(client, "/")).received).toEqual(ok);
  });

  test("reaches a model whose name resolves to addresses that do not all listen", async () => {
    const named = new LoneClient(`http://localhost:${model.port}`, { connectMs: 5000 });
    model.on("/", hello);
    expect((await ask(named, "/")).text).toBe("hello");
    named.close();
  });

  test("reaches a model by its IPv6 address", async (context) => {
    const server = createServer((socket) => void socket.once("data", () => hello({ socket } as never)));
    try {
      await once(server.listen(0, "::1"), "listening");
    } catch {
      context.skip("no IPv6 here");
    }
    const six = new LoneClient(`http://[::1]:${(server.address() as AddressInfo).port}`);
    expect((await ask(six, "/")).text).toBe("hello");
    six.close();
    server.close();
  });
});

describe("one connection takes requests one after another", () => {
  test.each<[string, Behaviour, string]>([
    ["with a length", hello, "hello"],
    ["in chunks", chunked([], ["hel", "lo"]), "hello"],
    ["without a body", raw(headBytes(204, [])), ""],
    ["of length 0", plain(), ""],
    [
      "that the model keeps for 3 s",
      plain({ headers: ["connection", "keep-alive", "keep-alive", "timeout=3"] }),
      "",
    ],
    [
      "of HTTP/1.0 that is kept alive",
      raw("HTTP/1.0 200 OK\r\nconnection: keep-alive\r\ncontent-length: 2\r\n\r\nok"),
      "ok",
    ],
  ])("after answers %s", async (_, behaviour, text) => {
    model.on("/", behaviour);
    for (let round = 0; round < 5; round++) expect((await ask(client, "/")).text).toBe(text);
    expect(connectionsUsed()).toBe(1);
  });

  test("even when each is sent while the answer before it ends", async () => {
    const rounds = 200;
    for (let round = 0; round < rounds; round++) model.on(`/${round}`, plain({ body: `answer ${round}` }));
    const listeners: Listener[] = [];
    const next = (): void => {
      if (listeners.length === rounds) return;
      const listener = new Listener({ onEnd: next });
      client.post(`/${listeners.push(listener) - 1}`, "{}", listener);
    };
    next();
    await eventually(() => listeners.at(rounds - 1)?.isOver === true);
    expect(listeners.map(({ text }) => text)).toEqual(listeners.map((_, index) => `answer ${index}`));
    expect(connectionsUsed()).toBe(1);
  });
});

test("300 requests at once take a connection each, which those after them use again", async () => {
  const sockets: Socket[] = [];
  model.on("/held", ({ socket }) => {
    // None is answered before all are there.
    if (sockets.push(socket) % 300 > 0) return;
    for (const each of sockets.splice(0)) each.write("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok");
  });
  for (let round = 0; round < 2; round++) {
    const answers = await Promise.all(Array.from({ length: 300 }, () => ask(client, "/held")));
    expect(answers.filter(({ text }) => text === "ok")).toHaveLength(300);
  }
  expect(connectionsUsed()).toBe(300);
});

test("many requests over few connections get each its own answer, with pieces of any length", async () => {
  model.on("/echo", ({ socket, body }) => {
    const bytes = Buffer.concat([
      headBytes(200, ["transfer-encoding", "chunked"]),
      chunkBytes(body),
      chunkBytes(body),
      Buffer.from(LAST_CHUNK),
    ]);
    const cut = body.length % bytes.length;
    socket.write(bytes.subarray(0, cut));
    setImmediate(() => socket.write(bytes.subarray(cut)));
  });
  const one = async (lane: number): Promise<void> => {
    for (let round = 0; round < 50; round++) {
      const body = `${lane}/${round};`.repeat(1 + ((lane * 37 + round * 11) % 400));
      expect((await ask(client, "/echo", body)).text).toBe(body + body);
    }
  };
  await Promise.all(Array.from({ length: 8 }, (_, lane) => one(lane)));
  expect(connectionsUsed()).toBe(8);
});

describe("a connection is closed after the answer, and the next request takes a new one,", () => {
  const surplus = "HTTP/1.1 200 OK\r\ncontent-length: 6\r\n\r\nstolen";
  test.each<[string, Behaviour]>([
    ["that says so", plain({ headers: ["connection", "close"], body: "hello" })],
    [
      "that the model keeps for no longer than a second",
      plain({ headers: ["keep-alive", "timeout=1"], body: "hello" }),
    ],
    ["that the model does not keep at all", plain({ headers: ["keep-alive", "timeout=0"], body: "hello" })],
    ["of HTTP/1.0", raw("HTTP/1.0 200 OK\r\ncontent-length: 5\r\n\r\nhello")],
    [
      "with a length and chunks",
      raw(
        "HTTP/1.1 200 OK\r\ncontent-length: 5\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
      ),
    ],
    [
      "after an interim one that announced a body",
      raw(
        "HTTP/1.1 102 Processing\r\ncontent-length: 4\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello",
      ),
    ],
    ["that more bytes follow", raw(`HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello${surplus}`)],
    [
      "in chunks that more bytes follow",
      raw(
        `HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 6\r\n\r\nstolen`,
      ),
    ],
  ])("%s", async (_, behaviour) => {
    model.on("/first", behaviour);
    model.on("/second", plain({ body: "second" }));
    const second = new Listener();
    // Sent while the first answer ends, where a connection would be used again at once.
    const first = await ask(client, "/first", "{}", { onEnd: () => client.post("/second", "{}", second) });
    expect([first.text, ...first.received]).toEqual(["hello", ...ok]);
    await eventually(() => second.isOver);
    expect([second.text, ...second.received]).toEqual(["second", ...ok]);
    expect(connectionsUsed()).toBe(2);
    await eventually(() => expect(model.connections).toBe(1));
  });

  test("that came before the model had read all of the request", async () => {
    const sockets: Socket[] = [];
    const server = createServer((socket) => {
      sockets.push(socket);
      socket.on("error", () => {});
      socket.once("data", () => {
        socket.pause();
        socket.write("HTTP/1.1 413 Too Large\r\ncontent-length: 0\r\n\r\n");
      });
    });
    await once(server.listen(0, "127.0.0.1"), "listening");
    const early = new LoneClient(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
    for (let round = 1; round <= 2; round++) {
      expect((await ask(early, "/", Buffer.alloc(50_000_000))).head?.status).toBe(413);
      expect(sockets).toHaveLength(round);
    }
    early.close();
    for (const socket of sockets) socket.destroy();
    server.close();
  });
});

describe("a free connection that the model ends is no failure: the next request takes a new one, when the model", () => {
  test.each<[string, (socket: Socket) => void]>([
    ["closes it", (socket) => socket.end()],
    ["resets it", (socket) => socket.resetAndDestroy()],
    ["sends something on it without a request", (socket) => socket.write("HTTP/1.1 408 Too Slow\r\n\r\n")],
  ])("%s", async (_, end) => {
    await ask(client, "/");
    const { socket } = model.last;
    end(socket);
    await closed(socket);
    await eventually(() => expect(model.connections).toBe(0));
    // The model has seen the end; one more round trip, and the client has too.
    const other = new LoneClient(`http://127.0.0.1:${model.port}`);
    await ask(other, "/");
    other.close();
    expect((await ask(client, "/")).received).toEqual(ok);
    expect(connectionsUsed()).toBe(3);
  });

  test("closes it right after an answer that did not announce it", async () => {
    model.on("/", rawThenClose("HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello"));
    for (let round = 1; round <= 3; round++) {
      expect((await ask(client, "/")).text).toBe("hello");
      await closed(model.last.socket);
      expect(connectionsUsed()).toBe(round);
    }
  });

  test("closes only its side of it", async () => {
    const sockets: Socket[] = [];
    const server = createServer({ allowHalfOpen: true }, (socket) => {
      sockets.push(socket);
      socket.on("error", () => {});
      socket.once("data", () => socket.end("HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello"));
    });
    await once(server.listen(0, "127.0.0.1"), "listening");
    const half = new LoneClient(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
    for (let round = 1; round <= 2; round++) {
      expect((await ask(half, "/")).text).toBe("hello");
      await eventually(() => expect(sockets.at(-1)?.destroyed || sockets.at(-1)?.readableEnded).toBe(true));
      expect(sockets).toHaveLength(round);
    }
    half.close();
    server.close();
  });
});

describe("an answer that ends with the connection", () => {
  test("is complete when the model closes it", async () => {
    const body = Buffer.alloc(300_000, "0123456789");
    model.on("/", rawThenClose(Buffer.concat([headBytes(200, []), body])));
    const { bytes, received } = await ask(client, "/");
    expect(received).toEqual(ok);
    expect(bytes.equals(body)).toBe(true);
  });

  test("is broken off when the model resets it", async () => {
    model.on("/", ({ socket }) => {
      socket.write("HTTP/1.1 200 OK\r\n\r\nhello");
    });
    const listener = await ask(client, "/", "{}", {
      onData: () => {
        model.last.socket.resetAndDestroy();
        return true;
      },
    });
    expect(listener.received).toEqual(["head", "data", "error"]);
  });
});

describe("an error, once, is reported when the model", () => {
  test.each<[string, Behaviour, readonly string[], string]>([
    ["closes the connection", ({ socket }) => void socket.end(), ["error"], "broke off"],
    ["resets the connection", ({ socket }) => void socket.resetAndDestroy(), ["error"], "broke off"],
    ["closes it in the middle of the head", rawThenClose("HTTP/1.1 200 O"), ["error"], "broke off"],
    [
      "closes it in the middle of the body",
      rawThenClose("HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhello"),
      ["head", "data", "error"],
      "broke off its answer",
    ],
    [
      "closes it between two chunks",
      rawThenClose("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n"),
      ["head", "data", "error"],
      "broke off its answer",
    ],
    [
      "closes it after the last chunk, before the end of the trailers",
      rawThenClose("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n"),
      ["head", "data", "error"],
      "broke off its answer",
    ],
    ["speaks another protocol", raw("SSH-2.0-x\r\n"), ["error"], "could not be read"],
    ["ends its lines with LF", raw("HTTP/1.1 200 OK\n\n"), ["error"], "could not be read"],
    [
      "begins a chunk with garbage",
      raw("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\nx\r\n"),
      ["head", "data", "error"],
      "could not be read",
    ],
  ])("%s", async (_, behaviour, received, message) => {
    model.on("/", behaviour);
    const listener = await ask(client, "/");
    expect(listener.received).toEqual(received);
    expect(listener.error).toMatchObject({
      code: "MODEL_UNREACHABLE",
      message: expect.stringContaining(message),
    });
    await eventually(() => expect(model.connections).toBe(0));
    expect(listener.received).toEqual(received);
  });

  test("does not listen", async () => {
    await model.stop();
    const { error, received } = await ask(client, "/");
    expect(received).toEqual(["error"]);
    expect(error).toMatchObject({ code: "MODEL_UNREACHABLE", cause: { code: "ECONNREFUSED" } });
    await model.listen();
  });

  test("has a name that does not resolve", async () => {
    const nowhere = new LoneClient("http://model.invalid", { connectMs: 5000 });
    const { error } = await ask(nowhere, "/");
    expect(error).toMatchObject({ code: "MODEL_UNREACHABLE" });
    nowhere.close();
  });
});

test("closing the client closes every connection, with calls in flight, free ones and those not yet made", async () => {
  /** Timers and sockets of this process, the model's sides of connections included. */
  const left = (): readonly string[] =>
    process.getActiveResourcesInfo().filter((each) => each === "Timeout" || each === "TCPSocketWrap");
  await eventually(() => expect(left()).toEqual([]));
  const limits = { connectMs: 60_000, headersMs: 60_000, idleMs: 60_000 };
  const closing = new LoneClient(`http://127.0.0.1:${model.port}`, limits);
  model.on("/silent", silent);
  model.on("/begun", raw("HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhello"));
  await Promise.all([ask(closing, "/"), ask(closing, "/"), ask(closing, "/")]);
  const listeners = ["/silent", "/begun", "/paused", "/connecting", "/connecting"].map((path) => {
    const listener = new Listener({ onData: () => path !== "/paused" });
    model.on("/paused", raw("HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhello"));
    closing.post(path, "{}", listener);
    return listener;
  });
  await eventually(() => listeners[1]?.size === 5 && listeners[2]?.size === 5);
  const late = new Listener();
  closing.post("/late", "{}", late);
  const received = listeners.map((each) => each.received.length);
  closing.close();
  await eventually(() => expect(model.connections).toBe(0));
  await eventually(() => expect(left()).toEqual([]));
  expect(listeners.map((each) => each.received.length)).toEqual(received);
  expect(late.received).toEqual([]);
});

test.each(["onHead", "onData", "onEnd"] as const)("the client may be closed in %s", async (moment) => {
  model.on("/", hello);
  const listener = new Listener({
    [moment]: () => {
      client.close();
      return true;
    },
  });
  client.post("/", "{}", listener);
  await eventually(() => expect(model.requests).toHaveLength(1));
  await eventually(() => expect(model.connections).toBe(0));
  expect(listener.received).toEqual({ onHead: ["head"], onData: ["head", "data"], onEnd: ok }[moment]);
});
