import { once } from "node:events";
import { connect, createServer } from "node:net";
import { setTimeout as pause } from "node:timers/promises";
import { afterEach, describe, expect, test, vi } from "vitest";
import type { HttpEndpoint, Responder } from "../../../../src/worker/server/http-server.js";
import { eventually } from "../../../support/eventually.js";
import { ask, open, RawClient, read } from "../../../support/http-client.js";
import { endpoint, RequestRecorder, SERVERS, TestServer, text } from "./support/test-server.js";

/** What the worker relies on, whichever server it has. */

const LIMIT = 1000;
const POST = "POST /a HTTP/1.1\r\nhost: w\r\n";
const ofLength = (length: number): string => `${POST}content-length: ${length}\r\n\r\n`;
const CHUNKED = `${POST}transfer-encoding: chunked\r\n\r\n`;
/** No byte of it can be lost or moved unnoticed. */
const PIECE = Buffer.from(Array.from({ length: 100_003 }, (_, n) => (n * 2654435761) >>> 24));

/** Answers as soon as the body is complete, or cannot be. */
const answering = (): RequestRecorder =>
  new RequestRecorder((event, { responder, body }) => {
    if (event === "body") responder.answer(text(200), `${body?.length}`);
    if (event === "too large") responder.answer(text(413), "too large");
    if (event === "too slow") responder.answer(text(408), "too slow", true);
  });

/** Head and body of the only answer on a connection, names of headers in lower case. */
function parsed(received: string) {
  const [head = "", ...rest] = received.split("\r\n\r\n");
  const [line = "", ...lines] = head.split("\r\n");
  const headers = lines.map((each): [string, string] => {
    const colon = each.indexOf(":");
    return [each.slice(0, colon).toLowerCase(), each.slice(colon + 1).trim()];
  });
  return {
    line,
    headers,
    body: rest.join("\r\n\r\n"),
    all: (name: string) => headers.filter(([key]) => key === name),
  };
}

describe.each(SERVERS)("on %s", (_, listen) => {
  let server: TestServer;
  let recorder: RequestRecorder;
  afterEach(() => {
    vi.useRealTimers();
    server.stop();
  });

  const serve = async (...endpoints: readonly HttpEndpoint[]): Promise<void> => {
    server = await TestServer.of(listen, { endpoints });
  };
  const record = async (own: RequestRecorder, limit = LIMIT): Promise<RawClient> => {
    recorder = own;
    await serve(
      recorder.endpoint("/a", limit),
      endpoint("/*", (__, responder) => responder.answer(text(404), "")),
    );
    return RawClient.connect(server.url);
  };
  /** From here on the server's own time passes by `vi.advanceTimersByTime`. */
  const holdTime = (): void => {
    vi.useFakeTimers({
      toFake: ["setTimeout", "clearTimeout", "setInterval", "clearInterval", "performance"],
    });
  };
  /** The server has read everything that was sent before. */
  const roundTrip = () => ask(`${server.url}/no-such-route`, { method: "GET" });
  const answered = async (answer: (responder: Responder) => void, method = "GET") => {
    await serve(endpoint("/a", (__, responder) => answer(responder)));
    const client = await RawClient.connect(server.url);
    client.send(`${method} /a HTTP/1.1\r\nhost: w\r\n\r\n`);
    await client.receives("\r\n\r\n");
    // The next answer comes after all of this one.
    await pause(20);
    client.leave();
    return parsed(client.received);
  };

  describe("a request", () => {
    test("reaches the endpoint of its exact path, with any method; the fallback has all others", async () => {
      const name = (path: string) =>
        endpoint(path, ({ method, query }, responder) =>
          responder.answer(text(200), `${path} ${method} ${query}`),
        );
      await serve(name("/a"), name("/a/b"), name("/*"));
      const from = async (path: string, method = "GET") =>
        (await ask(server.url + path, { method })).body.toString();
      expect(await from("/a")).toBe("/a GET ");
      expect(await from("/a?x=1&y=%20?z")).toBe("/a GET x=1&y=%20?z");
      expect(await from("/a/b", "DELETE")).toBe("/a/b DELETE ");
      for (const path of ["/", "/A", "/a/", "/%61", "/a/b/c", "//a"])
        expect(await from(path, "POST")).toBe("/* POST ");
    });

    test("has its headers by name and in order, names in lower case", async () => {
      const seen: [string, string][] = [];
      await serve(
        endpoint("/a", (request, responder) => {
          request.forEachHeader((header, value) => seen.push([header, value]));
          const { contentLength } = request;
          responder.answer(
            text(200),
            [request.header("x-a"), request.header("x-b"), contentLength].join("|"),
          );
        }),
      );
      const client = await RawClient.connect(server.url);
      client.send("GET /a HTTP/1.1\r\nHOST: w\r\nX-A: 1\r\nx-c: a b\r\n\r\n");
      await client.receives(/1\|\|0$/);
      client.leave();
      expect(seen).toEqual([
        ["host", "w"],
        ["x-a", "1"],
        ["x-c", "a b"],
      ]);
    });

    test("of many on one connection: each is answered, in order", async () => {
      const client = await record(answering());
      client.send([1, 2, 3, 4, 5].map((length) => ofLength(length) + "x".repeat(length)).join(""));
      await client.receives(/^(?:HTTP\/1\.1 200 [\s\S]*?\r\n\r\n[1-5]){5}$/);
      expect(
        client.received
          .match(/\r\n\r\n\d/g)
          ?.join("")
          .replace(/\s/g, ""),
      ).toBe("12345");
      client.leave();
    });
  });

  describe("a body", () => {
    test("arrives complete, in one piece, in chunks, or slowly", async () => {
      const body = Buffer.from(Array.from({ length: LIMIT }, (__, n) => n % 251));
      for (const send of [
        async (client: RawClient) => client.send(Buffer.concat([Buffer.from(ofLength(LIMIT)), body])),
        async (client: RawClient) => {
          client.send(CHUNKED);
          for (const byte of body)
            client.send(Buffer.concat([Buffer.from("1\r\n"), Buffer.of(byte), Buffer.from("\r\n")]));
          client.send("0\r\n\r\n");
        },
        async (client: RawClient) => {
          client.send(ofLength(LIMIT));
          for (let at = 0; at < LIMIT; at += 100) {
            client.send(body.subarray(at, at + 100));
            await pause(1);
          }
        },
      ]) {
        server?.stop();
        const client = await record(answering());
        await send(client);
        await client.receives(/\r\n\r\n1000$/);
        expect(recorder.body?.equals(body)).toBe(true);
        expect(recorder.events).toEqual(["body"]);
        client.leave();
      }
    });

    test.each(["GET", "POST", "HEAD"])("of a %s without one is one empty piece", async (method) => {
      await record(answering());
      await ask(`${server.url}/a`, { method, body: "" });
      expect(recorder.events).toEqual(["body"]);
      expect(recorder.body).toHaveLength(0);
    });

    test.each([
      ["with its length is refused before it is sent", ofLength(LIMIT + 1)],
      ["in chunks is refused as soon as it is too long", `${CHUNKED}ffffff\r\n${"x".repeat(LIMIT + 1)}`],
    ])("beyond the limit %s", async (__, bytes) => {
      const client = await record(answering());
      client.send(bytes);
      await client.receives(/^HTTP\/1\.1 413 [\s\S]*\r\n\r\ntoo large/);
      expect(recorder.events).toEqual(["too large"]);
      client.leave();
    });

    test("that stops for 30 s is too slow; one that keeps coming is not", async () => {
      const client = await record(answering());
      const slow = await RawClient.connect(server.url);
      holdTime();
      client.send(`${ofLength(10)}12345`);
      await roundTrip();
      vi.advanceTimersByTime(28_000);
      expect(recorder.events).toEqual([]);
      vi.advanceTimersByTime(8_000);
      await client.isClosed();
      expect(client.received).toMatch(/^HTTP\/1\.1 408 [\s\S]*\r\n\r\ntoo slow$/);

      slow.send(ofLength(4));
      for (let n = 0; n < 4; n++) {
        await roundTrip();
        vi.advanceTimersByTime(25_000);
        slow.send("x");
      }
      await slow.receives(/^HTTP\/1\.1 200 [\s\S]*\r\n\r\n4$/);
      expect(recorder.events).toEqual(["too slow", "body"]);
      slow.leave();
    });

    test("is refused before its end: the client gets the answer, and the connection is closed a second later", async () => {
      await serve(
        endpoint("/a", (__, responder) => {
          responder.receive(LIMIT, {
            onPiece: () => responder.refuse(text(401), '{"error":"no"}'),
            onTooLarge() {},
            onTooSlow() {},
            onDisconnect() {},
          });
        }),
      );
      const client = await RawClient.connect(server.url);
      holdTime();
      client.send(`${ofLength(10)}12345`);
      await client.receives(/^HTTP\/1\.1 401 [\s\S]*\r\n\r\n\{"error":"no"\}/);
      await eventually(() => {
        vi.advanceTimersByTime(1000);
        return client.closed;
      });
      expect(JSON.parse(parsed(client.received).body)).toEqual({ error: "no" });
    });
  });

  describe("a client that disconnects", () => {
    test("before its body is complete is reported once", async () => {
      const client = await record(answering());
      client.send(`${ofLength(10)}12345`);
      await roundTrip();
      client.leave();
      await eventually(() => expect(recorder.events).toEqual(["disconnect"]));
      await pause(20);
      expect(recorder.events).toEqual(["disconnect"]);
    });

    test("before its answer is reported once, and an answer is ignored", async () => {
      const client = await record(new RequestRecorder());
      client.send(`${ofLength(2)}{}`);
      await eventually(() => expect(recorder.events).toEqual(["body"]));
      client.leave();
      await eventually(() => expect(recorder.events).toEqual(["body", "disconnect"]));
      recorder.responder.answer(text(200), "too late");
      recorder.responder.close();
      await pause(20);
      expect(recorder.events).toEqual(["body", "disconnect"]);
    });

    test("after its answer is not reported", async () => {
      const client = await record(answering());
      client.send(`${ofLength(2)}{}`);
      await client.receives(/\r\n\r\n2$/);
      client.leave();
      await eventually(() => server.server.connections === 0);
      expect(recorder.events).toEqual(["body"]);
    });

    test("during its answer is reported once, and its writer writes nothing more", async () => {
      const client = await record(new RequestRecorder());
      client.send(`${ofLength(2)}{}`);
      await eventually(() => expect(recorder.events).toEqual(["body"]));
      const writer = recorder.begin();
      writer.write(PIECE);
      client.leave();
      await eventually(() => expect(recorder.events.at(-1)).toBe("disconnect"));
      const { length } = recorder.events;
      expect(writer.write(PIECE)).toBe(true);
      writer.end();
      await pause(20);
      expect(recorder.events).toHaveLength(length);
    });
  });

  describe("an answer", () => {
    test("has its status, its headers byte by byte and in order, one date, and its length", async () => {
      const headers = [
        "Set-Cookie",
        "a=1",
        "x-b",
        "caf\xe9 \xff",
        "date",
        "never",
        "set-cookie",
        "b=2",
        "x-empty",
        "",
      ];
      const {
        line,
        headers: sent,
        body,
        all,
      } = await answered((responder) => responder.answer({ status: 201, headers, isAscii: false }, "hé"));
      expect({ line, body: Buffer.from(body, "latin1").toString() }).toEqual({
        line: "HTTP/1.1 201 Created",
        body: "hé",
      });
      expect(sent.filter(([name]) => /^(?:set-cookie|x-)/.test(name))).toEqual([
        ["set-cookie", "a=1"],
        ["x-b", "caf\xe9 \xff"],
        ["set-cookie", "b=2"],
        ["x-empty", ""],
      ]);
      expect(all("content-length")).toEqual([["content-length", "3"]]);
      expect(all("date")).toEqual([
        ["date", expect.stringMatching(/^\w{3}, \d\d \w{3} \d{4} [\d:]{8} GMT$/)],
      ]);
    });

    test("to HEAD has no body", async () => {
      const { line, body } = await answered((responder) => responder.answer(text(200), "hello"), "HEAD");
      expect({ line, body }).toEqual({ line: "HTTP/1.1 200 OK", body: "" });
    });

    test.each([204, 304])("of %i has no body", async (status) => {
      const { line, body } = await answered((responder) => responder.answer(text(status)));
      expect(line).toMatch(`HTTP/1.1 ${status} `);
      expect(body).toBe("");
    });

    test("that closes the connection has the header, and closes it", async () => {
      await serve(endpoint("/a", (__, responder) => responder.answer(text(200), "bye", true)));
      const client = await RawClient.connect(server.url);
      client.send("GET /a HTTP/1.1\r\nhost: w\r\n\r\n");
      await client.isClosed();
      const { body, all } = parsed(client.received);
      expect({ body, connection: all("connection") }).toEqual({
        body: "bye",
        connection: [["connection", "close"]],
      });
    });

    test("is the only one: later calls do nothing", async () => {
      const { line, body } = await answered((responder) => {
        responder.answer(text(200), "first");
        responder.answer(text(500), "second");
        responder.close();
        expect(() => responder.begin(text(200), 1, { onDrain() {}, onFinish() {} })).toThrow(
          "answered already",
        );
      });
      expect({ line, body }).toEqual({ line: "HTTP/1.1 200 OK", body: "first" });
    });

    test.each<[string, number | undefined]>([
      ["in chunks", undefined],
      ["of known length", 6],
    ])("%s is sent piece by piece, and its end is reported", async (__, length) => {
      const client = await record(new RequestRecorder());
      client.send(`${ofLength(2)}{}`);
      await eventually(() => expect(recorder.events).toEqual(["body"]));
      const writer = recorder.begin(length);
      const first = Buffer.from("one");
      expect(writer.write(first)).toBe(true);
      first.fill("x");
      await client.receives("one");
      expect(writer.write(Buffer.from("two"))).toBe(true);
      await client.receives("two");
      writer.end();
      await eventually(() => expect(recorder.events).toEqual(["body", "finish"]));
      if (length === undefined) await client.receives("two\r\n0\r\n\r\n");
      client.leave();
      await pause(20);
      expect(recorder.events).toEqual(["body", "finish"]);
    });

    test.each<[string, number | undefined]>([
      ["in chunks", undefined],
      ["of known length", PIECE.length * 200],
    ])("%s waits for a client that does not read, and arrives byte by byte", async (__, length) => {
      let left = 200;
      await record(
        new RequestRecorder((event, own) => {
          if (event !== "body" && event !== "drain") return;
          const writer = event === "body" ? own.begin(length) : own.writer;
          for (; left > 0; ) {
            left--;
            if (!writer.write(PIECE)) return;
          }
          writer.end();
        }),
      );
      const answer = await open(`${server.url}/a`, { body: "{}" });
      let before = -1;
      await eventually(
        () => {
          const isStill = left === before;
          before = left;
          return isStill;
        },
        { intervalMs: 100 },
      );
      expect(left).toBeGreaterThan(0);
      const { body, complete } = await read(answer);
      expect({ length: body.length, complete }).toEqual({ length: PIECE.length * 200, complete: true });
      for (let at = 0; at < body.length; at += PIECE.length)
        expect(PIECE.compare(body, at, at + PIECE.length)).toBe(0);
      await eventually(() => expect(recorder.events.at(-1)).toBe("finish"));
      expect(recorder.events.filter((event) => event !== "drain")).toEqual(["body", "finish"]);
    });

    test("that is aborted is incomplete for its client, and no disconnect is reported", async () => {
      await record(new RequestRecorder());
      const opening = open(`${server.url}/a`, { body: "{}" });
      await eventually(() => recorder.events.includes("body"));
      recorder.begin(100).write(Buffer.from("half"));
      const answer = await opening;
      recorder.responder.close();
      expect(await read(answer)).toMatchObject({ complete: false });
      await pause(20);
      expect(recorder.events).toEqual(["body"]);
    });
  });

  describe("the port", () => {
    test("that is taken, or of another machine, is an error with its code", async () => {
      await serve();
      const other = createServer().listen(0, "127.0.0.1");
      await once(other, "listening");
      const { port } = other.address() as { port: number };
      const options = { certificate: undefined, endpoints: [], sockets: [] };
      await expect(listen({ ...options, host: "127.0.0.1", port })).rejects.toMatchObject({
        code: "EADDRINUSE",
      });
      await expect(listen({ ...options, host: "203.0.113.7", port: 0 })).rejects.toMatchObject({
        code: "EADDRNOTAVAIL",
      });
      other.close();
    });

    const isRefused = async (): Promise<void> => {
      const late = connect(server.port, "127.0.0.1");
      const [error] = (await once(late, "error")) as [NodeJS.ErrnoException];
      expect(error.code).toBe("ECONNREFUSED");
    };

    test("accepts nothing more after stopListening; open connections are served, and counted until they are closed", async () => {
      const client = await record(answering());
      await eventually(() => expect(server.server.connections).toBe(1));
      await server.server.stopListening();
      await isRefused();
      client.send(`${ofLength(2)}{}`);
      await client.receives(/\r\n\r\n2$/);
      client.leave();
      await eventually(() => expect(server.server.connections).toBe(0));
    });

    test("is closed with every connection by close, and waiting requests get a disconnect", async () => {
      const idle = await record(new RequestRecorder());
      const [waiting, half] = [await RawClient.connect(server.url), await RawClient.connect(server.url)];
      waiting.send(`${ofLength(2)}{}`);
      half.send(`${ofLength(5)}he`);
      await eventually(() => recorder.events.includes("body"));
      await roundTrip();
      server.stop();
      await Promise.all([idle.isClosed(), waiting.isClosed(), half.isClosed()]);
      await eventually(() => expect(recorder.events).toEqual(["body", "disconnect", "disconnect"]));
      await isRefused();
    });
  });
});
