import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { WebSocket } from "ws";
import { eventually } from "../../../support/eventually.js";
import { ask, RawClient } from "../../../support/http-client.js";
import { endpoint, SERVERS, SocketRecorder, TestServer, text } from "./support/test-server.js";

/** What the worker relies on in WebSockets, whichever server it has. */

const LIMIT = 1_000_000;
const HANDSHAKE =
  "GET /ws?a=1 HTTP/1.1\r\nhost: w\r\nconnection: upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\n" +
  "sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";

interface Client {
  readonly socket: WebSocket;
  readonly frames: { readonly text: string; readonly isBinary: boolean }[];
  /** Code and reason. */
  closed: string | undefined;
}

describe.each(SERVERS)("on %s", (_, listen) => {
  let server: TestServer;
  let sockets: SocketRecorder;
  const clients: WebSocket[] = [];
  beforeEach(async () => {
    sockets = new SocketRecorder();
    server = await TestServer.of(listen, {
      endpoints: [
        endpoint("/ws", ({ method }, responder) =>
          responder.answer(text(426, "upgrade", "websocket"), method),
        ),
        endpoint("/*", (__, responder) => responder.answer(text(404), "no such route")),
      ],
      sockets: [sockets.endpoint("/ws", LIMIT)],
    });
  });
  afterEach(() => {
    for (const client of clients.splice(0)) client.terminate();
    server.stop();
  });

  async function connected(protocols: string[] = []): Promise<Client> {
    const socket = new WebSocket(`ws://127.0.0.1:${server.port}/ws`, protocols);
    clients.push(socket);
    const client: Client = { socket, frames: [], closed: undefined };
    socket.on("error", () => {});
    socket.on("message", (frame, isBinary) => client.frames.push({ text: String(frame), isBinary }));
    socket.on("close", (code, reason) => {
      client.closed = `${code} ${reason}`;
    });
    await eventually(() => socket.readyState === WebSocket.OPEN);
    return client;
  }

  test("frames go both ways unchanged, text or binary, empty or large", async () => {
    const client = await connected();
    const large = "é".repeat(LIMIT / 2);
    for (const frame of ["text", Buffer.from([0, 255]), "", large]) client.socket.send(frame);
    await eventually(() => expect(sockets.frames).toHaveLength(4));
    expect(sockets.frames.map(({ frame, isBinary }) => [frame.length, isBinary])).toEqual([
      [4, false],
      [2, true],
      [0, false],
      [LIMIT, false],
    ]);
    expect(sockets.frames[3]?.frame.toString()).toBe(large);

    const frame = Buffer.from("text");
    expect(sockets.socket.send(frame, false)).toBe(true);
    frame.fill("x");
    expect(sockets.socket.send(Buffer.from("binary"), true)).toBe(true);
    expect(sockets.socket.send(Buffer.alloc(0), false)).toBe(true);
    sockets.socket.send(Buffer.from(large), false);
    await eventually(() => expect(client.frames).toHaveLength(4));
    expect(client.frames).toEqual([
      { text: "text", isBinary: false },
      { text: "binary", isBinary: true },
      { text: "", isBinary: false },
      { text: large, isBinary: false },
    ]);
  });

  test("the first subprotocol that is offered is chosen, and no extension", async () => {
    const { socket } = await connected(["b.v2", "a"]);
    expect(socket.protocol).toBe("b.v2");
    expect(socket.extensions).toBe("");
    expect((await connected()).socket.protocol).toBe("");
  });

  test("the query is read at the upgrade", async () => {
    const client = await RawClient.connect(server.url);
    client.send(HANDSHAKE);
    await client.receives(/^HTTP\/1\.1 101 [\s\S]*sec-websocket-accept: s3pPLMBiTxaQ9kYGzzhZRbK\+xOo=/i);
    // A text frame whose mask is zero.
    client.send(Buffer.from([0x81, 0x82, 0, 0, 0, 0, 0x68, 0x69]));
    await eventually(() => expect(sockets.frames.map(({ frame }) => frame.toString())).toEqual(["hi"]));
    expect(sockets.events).toEqual(["accept a=1", "open"]);
    client.leave();
  });

  test("a request without an upgrade, or for a path without a socket, is served by the endpoints", async () => {
    expect((await ask(`${server.url}/ws`, { method: "GET" })).status).toBe(426);
    const client = await RawClient.connect(server.url);
    client.send(HANDSHAKE.replace("/ws", "/other"));
    await client.receives(/^HTTP\/1\.1 404 [\s\S]*no such route$/);
    client.leave();
    expect(sockets.events).toEqual([]);
  });

  describe("the close of a client is reported once,", () => {
    test.each<[string, (client: WebSocket) => void, string, string]>([
      [
        "with a code and a reason",
        (client) => client.close(4001, "é enough"),
        "close 4001 é enough",
        "4001 é enough",
      ],
      ["with a code", (client) => client.close(1000), "close 1000 ", "1000 "],
      ["without a code", (client) => client.close(), "close 1005 ", "1005 "],
      // One of the servers adds a reason.
      ["without a close frame", (client) => client.terminate(), "close 1006 ", "1006 "],
    ])("%s", async (__, leave, event, closed) => {
      const client = await connected();
      const reported = (): string | undefined => sockets.events.at(-1)?.replace(/(?<= 1006 ).*/, "");
      leave(client.socket);
      await eventually(() => expect(reported()).toBe(event));
      await eventually(() => expect(client.closed).toBe(closed));
      sockets.socket.close(1000);
      sockets.socket.terminate();
      expect(sockets.socket.send(Buffer.from("late"), false)).toBe(true);
      sockets.socket.pause();
      sockets.socket.resume();
      await ask(`${server.url}/ws`, { method: "GET" });
      expect(sockets.events.slice(0, -1)).toEqual(["accept ", "open"]);
      expect(reported()).toBe(event);
    });
  });

  describe("a close of the worker is not reported,", () => {
    test.each<[string, (socket: SocketRecorder["socket"]) => void, string]>([
      ["with a code and a reason", (socket) => socket.close(4001, "enough"), "4001 enough"],
      ["without a code", (socket) => socket.close(), "1005 "],
      ["without a close frame", (socket) => socket.terminate(), "1006 "],
    ])("%s", async (__, close, closed) => {
      const client = await connected();
      close(sockets.socket);
      client.socket.send("too late");
      await eventually(() => expect(client.closed).toBe(closed));
      await ask(`${server.url}/ws`, { method: "GET" });
      expect(sockets.events).toEqual(["accept ", "open"]);
      expect(sockets.frames).toEqual([]);
    });
  });

  test("frames before a close arrive before it", async () => {
    const client = await connected();
    for (let n = 0; n < 100; n++) sockets.socket.send(Buffer.from(`${n}`), false);
    sockets.socket.close(4002, "done");
    await eventually(() => expect(client.closed).toBe("4002 done"));
    expect(client.frames.map((frame) => frame.text)).toEqual(Array.from({ length: 100 }, (__, n) => `${n}`));
  });

  test.each<[string, Buffer]>([
    ["garbage", Buffer.alloc(100, 0xff)],
    ["text that is no UTF-8", Buffer.from([0x81, 0x82, 0, 0, 0, 0, 0xff, 0xfe])],
    ["a message that is too long", Buffer.from([0x82, 0xff, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0])],
  ])("%s closes the socket, and the server serves on", async (__, bytes) => {
    const client = await RawClient.connect(server.url);
    client.send(HANDSHAKE);
    await client.receives(/\r\n\r\n$/);
    client.send(bytes);
    // `ws` waits for the client's part of the handshake.
    await eventually(() => client.received.includes("\x88") || client.closed);
    client.leave();
    await eventually(() =>
      expect(sockets.events).toEqual(["accept a=1", "open", expect.stringMatching(/^close \d+ /)]),
    );
    expect(sockets.frames).toEqual([]);
    expect((await ask(`${server.url}/ws`, { method: "GET" })).status).toBe(426);
  });

  test("a client that does not read makes send return false; when it has read, there is a drain and nothing is missing", async () => {
    const client = await connected();
    client.socket.pause();
    const frame = Buffer.alloc(64 * 1024);
    let sent = 0;
    let isFull = false;
    for (; !isFull; sent++) {
      frame.writeUInt32BE(sent);
      isFull = !sockets.socket.send(frame, true);
      // The system takes what fits between two turns.
      if (sent % 16 === 0) await ask(`${server.url}/ws`, { method: "GET" });
    }
    expect(sockets.drains).toBe(0);
    client.socket.resume();
    await eventually(() => expect(sockets.drains).toBe(1));
    await eventually(() => expect(client.frames).toHaveLength(sent));
  });

  test("close of the server closes its WebSockets", async () => {
    const client = await connected();
    server.stop();
    await eventually(() => expect(client.closed).toBeDefined());
    await eventually(() => expect(sockets.events.at(-1)).toMatch(/^close 1006/));
  });
});
