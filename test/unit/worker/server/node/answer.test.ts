import { afterEach, expect, test } from "vitest";
import type { Responder } from "../../../../../src/worker/server/http-server.js";
import { ask, RawClient } from "../../../../support/http-client.js";
import { endpoint, TestServer, text } from "../support/test-server.js";

let server: TestServer;
afterEach(() => server.stop());

const DATE = /^date: \w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT\r\n/im;

/** The bytes of an answer, latin1, without the date, which must be there once. */
async function sent(answer: (responder: Responder) => void, method = "GET"): Promise<string> {
  server = await TestServer.start({ endpoints: [endpoint("/a", (_, responder) => answer(responder))] });
  const client = await RawClient.connect(server.url);
  client.send(`${method} /a HTTP/1.1\r\nhost: w\r\n\r\nGET /none HTTP/1.1\r\nhost: w\r\n\r\n`);
  await client.isClosed();
  expect(client.received).toMatch(DATE);
  const [, answered = ""] = /^([\s\S]*?)HTTP\/1\.1 404 Not Found\r\n/.exec(client.received) ?? [];
  const without = answered.replace(DATE, "");
  expect(without).not.toMatch(/^date:/im);
  return without;
}

test("a whole answer goes out with its length, and with nothing about the connection", async () => {
  expect(await sent((responder) => responder.answer(text(200, "Content-Type", "text/plain"), "hé"))).toBe(
    "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 3\r\n\r\nh\xc3\xa9",
  );
});

test.each<[string, Buffer | string]>([
  ["text", "hé"],
  ["bytes", Buffer.from("hé")],
])("headers keep their bytes and their order beside a body of %s", async (_, body) => {
  const headers = ["Set-Cookie", "a=1", "x-b", "caf\xe9 \xff\x80", "set-cookie", "b=2", "x-empty", ""];
  expect(await sent((responder) => responder.answer({ status: 201, headers, isAscii: false }, body))).toBe(
    "HTTP/1.1 201 Created\r\nSet-Cookie: a=1\r\nx-b: caf\xe9 \xff\x80\r\nset-cookie: b=2\r\nx-empty: \r\n" +
      "Content-Length: 3\r\n\r\nh\xc3\xa9",
  );
});

test("headers of a stream keep their bytes, too", async () => {
  const head = { status: 200, headers: ["x-b", "caf\xe9 \xff\x80"], isAscii: false };
  const sentBytes = await sent((responder) => {
    const writer = responder.begin(head, undefined, { onDrain: () => {}, onFinish: () => {} });
    writer.write(Buffer.from("one"));
    writer.end();
  });
  expect(sentBytes).toBe(
    "HTTP/1.1 200 OK\r\nx-b: caf\xe9 \xff\x80\r\nTransfer-Encoding: chunked\r\n\r\n3\r\none\r\n0\r\n\r\n",
  );
});

test("the date of the list is left out", async () => {
  const list = ["Date", "Mon, 01 Jan 2001 00:00:00 GMT", "x-a", "1", "date", "never"];
  expect(await sent((responder) => responder.answer(text(200, ...list), ""))).toBe(
    "HTTP/1.1 200 OK\r\nx-a: 1\r\nContent-Length: 0\r\n\r\n",
  );
});

test.each([204, 304])("%i has neither body nor length", async (status) => {
  expect(await sent((responder) => responder.answer(text(status, "x-a", "1")))).toMatch(
    new RegExp(`^HTTP/1\\.1 ${status} [\\w ]+\r\nx-a: 1\r\n\r\n$`),
  );
});

test.each([204, 304])("%i that is begun and ended has neither", async (status) => {
  const answered = await sent((responder) => {
    responder.begin(text(status), undefined, { onDrain: () => {}, onFinish: () => {} }).end();
  });
  expect(answered).toMatch(new RegExp(`^HTTP/1\\.1 ${status} [\\w ]+\r\n\r\n$`));
});

test.each([
  [599, "599 Unknown"],
  [777, "777 Unknown"],
  [418, "418 I'm a Teapot"],
])("status %i goes out as %s", async (status, line) => {
  expect(await sent((responder) => responder.answer(text(status), "x"))).toContain(`HTTP/1.1 ${line}\r\n`);
});

test("the answer to HEAD has the length of the body, and no body", async () => {
  expect(await sent((responder) => responder.answer(text(200, "x-a", "1"), "hello"), "HEAD")).toBe(
    "HTTP/1.1 200 OK\r\nx-a: 1\r\nContent-Length: 5\r\n\r\n",
  );
});

test("control characters in a header, which Node.js refuses, go out as blanks", async () => {
  expect(await sent((responder) => responder.answer(text(200, "x-a", "a\x01b\x7f\tc\r\nx: y"), ""))).toBe(
    "HTTP/1.1 200 OK\r\nx-a: a b \tc  x: y\r\nContent-Length: 0\r\n\r\n",
  );
});

test("after a head that is none another answer can be given", async () => {
  const answered = await sent((responder) => {
    expect(() => responder.answer(text(200, "no token", "1"), "x")).toThrow();
    expect(() => responder.answer({ status: 1000, headers: [], isAscii: true }, "x")).toThrow();
    const sink = { onDrain: () => {}, onFinish: () => {} };
    expect(() => responder.begin(text(200, "no token", "1"), 5, sink)).toThrow();
    responder.answer(text(500), "failed");
  });
  expect(answered).toBe("HTTP/1.1 500 Internal Server Error\r\nContent-Length: 6\r\n\r\nfailed");
});

test("an answer that closes the connection has the header", async () => {
  server = await TestServer.start({
    endpoints: [endpoint("/a", (_, responder) => responder.answer(text(200), "bye", true))],
  });
  const client = await RawClient.connect(server.url);
  client.send("GET /a HTTP/1.1\r\nhost: w\r\n\r\n");
  await client.isClosed();
  expect(client.received).toMatch(/^HTTP\/1\.1 200 OK\r\nConnection: close\r\n[\s\S]*\r\n\r\nbye$/);
});

test("after an answer nothing more is done", async () => {
  const answered = await sent((responder) => {
    responder.answer(text(200), "first");
    responder.answer(text(500), "second");
    responder.close();
    const begin = () => responder.begin(text(200), 1, { onDrain: () => {}, onFinish: () => {} });
    expect(begin).toThrow("answered already");
  });
  expect(answered).toBe("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nfirst");
});

test("an endpoint is found by its exact path, with any method, and the fallback has all others", async () => {
  const name = (path: string) =>
    endpoint(path, ({ method, query }, responder) =>
      responder.answer(text(200), `${path} ${method} ${query}`),
    );
  server = await TestServer.start({ endpoints: [name("/a"), name("/a/b"), name("/*")] });
  const answered = async (path: string, method = "GET") =>
    (await ask(server.url + path, { method })).body.toString();
  expect(await answered("/a")).toBe("/a GET ");
  expect(await answered("/a?x=1&y=%20?z")).toBe("/a GET x=1&y=%20?z");
  expect(await answered("/a/b", "DELETE")).toBe("/a/b DELETE ");
  for (const path of ["/", "/A", "/a/", "/%61", "/a/b/c", "/*", "//a"])
    expect(await answered(path, "POST")).toBe("/* POST ");
});

test("of a header that comes several times the first one counts, and each is visited", async () => {
  const seen: [string, string][] = [];
  server = await TestServer.start({
    endpoints: [
      endpoint("/a", (request, responder) => {
        request.forEachHeader((header, value) => seen.push([header, value]));
        responder.answer(
          text(200),
          `${request.header("x-a")}|${request.header("x-b")}|${request.header("host")}`,
        );
      }),
    ],
  });
  const client = await RawClient.connect(server.url);
  client.send(
    Buffer.from("GET /a HTTP/1.1\r\nHOST: w\r\nX-A: 1\r\nx-a: 2\r\nx-c: \xc3\xa9\r\n\r\n", "latin1"),
  );
  await client.receives(/\r\n\r\n1\|\|w$/);
  expect(seen).toEqual([
    ["host", "w"],
    ["x-a", "1"],
    ["x-a", "2"],
    ["x-c", "é"],
  ]);
  client.leave();
});
