import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { HttpEndpoint, HttpServer } from "../../../../src/worker/server/http-server.js";
import { listenNode } from "../../../../src/worker/server/node/listen.js";
import { listenUws } from "../../../../src/worker/server/uws/listen.js";
import { freePort } from "../../../support/free-port.js";
import { RawClient } from "../../../support/http-client.js";

/** Requests whose end two readers of the same bytes could see in different places, and what both servers make of them. */

const HOST = "host: w\r\n";
/** A request that an endpoint answers; hidden behind another one, it must not reach it. */
const HIDDEN = `POST /hidden HTTP/1.1\r\n${HOST}content-length: 2\r\n\r\nab`;

const requestOf = (headers: string, body = "", line = "POST /x HTTP/1.1"): string =>
  `${line}\r\n${HOST}${headers}\r\n\r\n${body}`;
const CHUNKS = "2\r\nab\r\n0\r\n\r\n";
const chunked = (body: string, headers = "transfer-encoding: chunked"): string => requestOf(headers, body);

const MALFORMED: Readonly<Record<string, string>> = {
  "two lengths": requestOf("content-length: 2\r\ncontent-length: 3", "abc"),
  "the same length twice": requestOf("content-length: 2\r\ncontent-length: 2", "ab"),
  "the same length twice, in other letters": requestOf("Content-Length: 2\r\nCONTENT-LENGTH: 2", "ab"),
  "a list of lengths": requestOf("content-length: 2, 3", "abc"),
  "a list of one length": requestOf("content-length: 2, 2", "ab"),
  "an empty length": requestOf("content-length:", "ab"),
  "a length with a sign": requestOf("content-length: +2", "ab"),
  "a negative length": requestOf("content-length: -2", "ab"),
  "a hexadecimal length": requestOf("content-length: 0x2", "ab"),
  "a length with a blank inside": requestOf("content-length: 2 3", "abc"),
  "a length with an exponent": requestOf("content-length: 2e0", "ab"),
  "a length beyond 2^64": requestOf("content-length: 99999999999999999999999", "ab"),
  "a length, then chunks": chunked(CHUNKS, "content-length: 2\r\ntransfer-encoding: chunked"),
  "chunks, then a length": chunked(CHUNKS, "transfer-encoding: chunked\r\ncontent-length: 2"),
  "a length and no coding": requestOf("transfer-encoding:\r\ncontent-length: 2", "ab"),
  "the coding identity": chunked(CHUNKS, "transfer-encoding: identity"),
  "a coding beside chunked": chunked(CHUNKS, "transfer-encoding: gzip, chunked"),
  "a coding behind chunked": chunked(CHUNKS, "transfer-encoding: chunked, identity"),
  "a coding like chunked": chunked(CHUNKS, "transfer-encoding: xchunked"),
  "chunked twice": chunked(CHUNKS, "transfer-encoding: chunked\r\ntransfer-encoding: chunked"),
  "two codings": chunked(CHUNKS, "transfer-encoding: identity\r\ntransfer-encoding: chunked"),
  "two hosts": requestOf("host: other\r\ncontent-length: 2", "ab"),
  "no host": "POST /x HTTP/1.1\r\ncontent-length: 2\r\n\r\nab",
  "a method in small letters": requestOf("content-length: 2", "ab", "post /x HTTP/1.1"),
  "a method that is no token": requestOf("content-length: 2", "ab", "PO(ST /x HTTP/1.1"),
};

/** uWebSockets.js waits for the rest of these, and closes the connection after 10 s at the latest. */
const SILENT: Readonly<Record<string, string>> = {
  "a blank before the colon of a length": requestOf("content-length : 2", "ab"),
  "a blank before the colon of a coding": chunked(CHUNKS, "transfer-encoding : chunked"),
  "a folded header": requestOf("x: a\r\n b\r\ncontent-length: 2", "ab"),
  "a folded length": requestOf("content-length:\r\n 2", "ab"),
  "a bare LF behind a header": `POST /x HTTP/1.1\r\nhost: w\ncontent-length: 2\r\n\r\nab`,
  "a bare LF in a header": requestOf("x: a\ny: b\r\ncontent-length: 2", "ab"),
  "a bare CR in a header": requestOf("x: a\rb\r\ncontent-length: 2", "ab"),
  "a NUL in a value": requestOf("x: a\0b\r\ncontent-length: 2", "ab"),
  "a NUL in a name": requestOf("x\0: b\r\ncontent-length: 2", "ab"),
  "a name with a blank": requestOf("x y: b\r\ncontent-length: 2", "ab"),
  "a header without a colon": requestOf("x\r\ncontent-length: 2", "ab"),
};

/** Requests without a request line, and chunks without a size: the status is each server's own. */
const NO_REQUEST: Readonly<Record<string, string>> = {
  "a blank in the target": requestOf("content-length: 2", "ab", "POST /x y HTTP/1.1"),
  "a NUL in the target": requestOf("content-length: 2", "ab", "POST /x\0 HTTP/1.1"),
  "a tab in the line": requestOf("content-length: 2", "ab", "POST\t/x HTTP/1.1"),
  "HTTP/1.0": requestOf("content-length: 2", "ab", "POST /x HTTP/1.0"),
  "bare LFs throughout": "POST /x HTTP/1.1\nhost: w\ncontent-length: 2\n\nab",
  "a letter behind a chunk's size": chunked("2g\r\nab\r\n0\r\n\r\n"),
  "a chunk's size with a sign": chunked("+2\r\nab\r\n0\r\n\r\n"),
  "a hexadecimal prefix of a chunk's size": chunked("0x2\r\nab\r\n0\r\n\r\n"),
  "a chunk's size beyond 2^64": chunked("10000000000000002\r\nab\r\n0\r\n\r\n"),
};

/** Chunks that uWebSockets.js takes and `node:http` refuses. Nothing behind them may be taken for a request. */
const LENIENT: Readonly<Record<string, string>> = {
  "no line break behind a chunk": chunked("2\r\nabXX0\r\n\r\n"),
  "bare LFs between chunks": chunked("2\nab\n0\n\n"),
  "a blank behind a chunk's size": chunked("2 \r\nab\r\n0\r\n\r\n"),
  "an empty size": chunked("\r\nab\r\n0\r\n\r\n"),
  "a header without a name": requestOf(": b\r\ncontent-length: 2", "ab"),
};

const SERVED: Readonly<Record<string, string>> = {
  "a length": requestOf("content-length: 2", "ab"),
  "a length with zeros before it": requestOf("content-length: 0002", "ab"),
  chunks: chunked(CHUNKS),
  "chunks, in other letters": chunked(CHUNKS, "Transfer-Encoding: Chunked"),
  "chunks with zeros before their sizes": chunked("00002\r\nab\r\n000\r\n\r\n"),
  "no coding of the content": requestOf("content-encoding: identity\r\ncontent-length: 2", "ab"),
};

/** What reached an endpoint, by server. */
class Seen {
  readonly bodies: string[] = [];
  readonly hidden: string[] = [];

  readonly endpoints: readonly HttpEndpoint[] = [
    { path: "/x", handle: (_, responder) => this.#take(responder, this.bodies) },
    { path: "/hidden", handle: (_, responder) => this.#take(responder, this.hidden) },
    {
      path: "/*",
      handle: (_, responder) => responder.answer({ status: 404, headers: [], isAscii: true }, ""),
    },
  ];

  #take(responder: Parameters<HttpEndpoint["handle"]>[1], into: string[]): void {
    let body = "";
    responder.receive(1000, {
      onPiece: (piece, isLast) => {
        body += piece.toString();
        if (!isLast) return;
        into.push(body);
        responder.answer({ status: 200, headers: [], isAscii: true }, "ok");
      },
      onTooLarge: () => responder.answer({ status: 413, headers: [], isAscii: true }, ""),
      onTooSlow() {},
      onDisconnect() {},
    });
  }
}

describe.each([
  ["uWebSockets.js", listenUws],
  ["node:http", listenNode],
] as const)("on %s", (name, listen) => {
  const seen = new Seen();
  let server: HttpServer;
  let url = "";
  beforeAll(async () => {
    const port = await freePort();
    url = `http://127.0.0.1:${port}`;
    const { endpoints } = seen;
    server = await listen({ host: "127.0.0.1", port, certificate: undefined, endpoints, sockets: [] });
  });
  afterAll(() => server.close());

  async function sent(bytes: string): Promise<RawClient> {
    seen.bodies.length = 0;
    seen.hidden.length = 0;
    const client = await RawClient.connect(url);
    client.send(Buffer.from(bytes, "latin1"));
    return client;
  }

  test.each(Object.entries(MALFORMED))("%s: 400, the connection is closed", async (_, bytes) => {
    const client = await sent(bytes);
    await client.isClosed();
    expect(client.received).toMatch(/^HTTP\/1\.1 400 /);
    expect(seen.bodies).toEqual([]);
  });

  test.each(Object.entries({ ...MALFORMED, ...NO_REQUEST }))(
    "%s: no request behind it is served",
    async (_, bytes) => {
      const client = await sent(bytes + HIDDEN);
      await client.isClosed();
      expect(client.received.match(/HTTP\/1\.1 \d+/g)?.filter((line) => !/ (?:400|505)$/.test(line))).toEqual(
        [],
      );
      expect([...seen.bodies, ...seen.hidden]).toEqual([]);
    },
  );

  // At once, because each of them takes 10 s on one of the servers.
  test("what is silently refused reaches no endpoint, and its connection is closed", async () => {
    const clients = await Promise.all(Object.values(SILENT).map((bytes) => sent(bytes + HIDDEN)));
    await Promise.all(clients.map((client) => client.isClosed()));
    for (const client of clients)
      expect(client.received).toMatch(name === "node:http" ? /^HTTP\/1\.1 400 / : /^$/);
    expect([...seen.bodies, ...seen.hidden]).toEqual([]);
  });

  test.each(Object.entries(LENIENT))("%s: no request behind it is served", async (_, bytes) => {
    const client = await sent(bytes + HIDDEN);
    await client.isClosed();
    expect(seen.hidden).toEqual([]);
  });

  test.each(Object.entries(SERVED))("%s: the body is served", async (_, bytes) => {
    const client = await sent(bytes);
    await client.receives(/^HTTP\/1\.1 200 /);
    client.leave();
    expect(seen.bodies).toEqual(["ab"]);
  });

  test("two requests at once, each of a certain length, are both served", async () => {
    const client = await sent(requestOf("content-length: 2", "ab") + HIDDEN);
    await client.receives(/200 [\s\S]*200 /);
    client.leave();
    expect([...seen.bodies, ...seen.hidden]).toEqual(["ab", "ab"]);
  });

  test("a compressed body: 415, and what is taken instead", async () => {
    const client = await sent(requestOf("content-encoding: gzip\r\ncontent-length: 2", "ab"));
    await client.receives("are not decoded");
    client.leave();
    expect(client.received).toMatch(/^HTTP\/1\.1 415 /);
    expect(client.received).toMatch(/\r\naccept-encoding: identity\r\n/i);
    expect(seen.bodies).toEqual([]);
  });

  test("98 headers are taken, and one more is not", async () => {
    const headers = (count: number): string =>
      Array.from({ length: count - 2 }, (_, n) => `x-${n}: y\r\n`).join("");
    const taken = await sent(requestOf(`${headers(98)}content-length: 2`, "ab"));
    await taken.receives(/^HTTP\/1\.1 200 /);
    taken.leave();
    const refused = await sent(requestOf(`${headers(99)}content-length: 2`, "ab"));
    await refused.isClosed();
    expect(refused.received).toMatch(/^HTTP\/1\.1 431 /);
  });
});
