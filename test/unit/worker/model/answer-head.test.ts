import { describe, expect, test } from "vitest";
import { MalformedAnswer, parseHead } from "../../../../src/worker/model/answer-head.js";

const parse = (text: string) => parseHead(Buffer.from(text, "latin1"));
const head = (lines: readonly string[], status = "HTTP/1.1 200 OK") =>
  parse([status, ...lines, ""].join("\r\n"));

describe("the status line", () => {
  test.each([
    ["without a reason", "HTTP/1.1 200", 200],
    ["with an empty reason", "HTTP/1.1 404 ", 404],
    ["with a reason beyond ASCII", "HTTP/1.1 500 Fehler für Sie", 500],
    ["of HTTP/1.0", "HTTP/1.0 299 x", 299],
    ["with an unknown status", "HTTP/1.1 799 x", 799],
  ])("is read %s", (_, line, status) => {
    expect(head([], line).status).toBe(status);
  });

  test.each([
    "HTTP/1.1 2e2 OK",
    "HTTP/1.1 2000 OK",
    "HTTP/1.1 099 OK",
    "HTTP/1.1 20 OK",
    "HTTP/1.1  200 OK",
    "HTTP/1.1 0x1 OK",
    "HTTP/1.1\t200 OK",
    "HTTP/1. 200 OK",
    "HTTP/1.12 00 OK",
    "http/1.1 200 OK",
    "ICY 200 OK",
    " HTTP/1.1 200 OK",
    "HTTP/1.1 200 O\0K",
    "HTTP/1.1 200 OK\nx-smuggled: 1",
    "",
  ])("is refused, and quoted in the error: %j", (line) => {
    const said = () => head(["x-a: 1"], line);
    expect(said).toThrow(MalformedAnswer);
    expect(said).toThrow(`status line of HTTP/1.x, got ${JSON.stringify(line)}`);
  });
});

describe("a header line is refused, and quoted in the error", () => {
  test.each([
    ["without a colon", "no colon here"],
    ["without a name", ": value"],
    ["with a name that is no token", "x(a): 1"],
    ["with a name beyond ASCII", "café: 1"],
    ["with a LF in its value, which would begin another header at the client", "x-a: 1\nset-cookie: b=1"],
    ["with a CR in its value", "x-a: 1\rset-cookie: b=1"],
    ["with a NUL in its value", "x-a: 1\x002"],
    ["with a CR before its end", "x-a: 1\r"],
  ])("%s", (_, line) => {
    const said = () => head(["x-first: 1", line, "x-last: 1"]);
    expect(said).toThrow(MalformedAnswer);
    expect(said).toThrow(`expected a header line, got ${JSON.stringify(line)}`);
  });
});

describe("forms of old servers, which mean one thing only, are read as that:", () => {
  test.each([
    ["a space before a colon", ["Content-Length : 5", "x-a: 1"], { length: 5, headers: ["x-a", "1"] }],
    ["tabs before a colon", ["Transfer-Encoding\t\t: chunked"], { framing: "chunked", headers: [] }],
    ["a value that continues in the next line", ["x-a: 1", " b: 2", "\tc"], { headers: ["x-a", "1 b: 2 c"] }],
    ["a length that is in the next line", ["Content-Length:", " 5"], { length: 5, headers: [] }],
  ])("%s", (_, lines, expected) => {
    expect(head(lines)).toMatchObject(expected);
  });

  test("but not a continuation of the status line", () => {
    expect(() => head([" x-a: 1", "x-b: 2"])).toThrow('expected a header line, got " x-a: 1"');
  });
});

test("a value loses the spaces and tabs around it and no other bytes", () => {
  const spaces = "\t x \t y\t ";
  expect(head([`x-a:${spaces}`, "x-b: \t "]).headers).toEqual(["x-a", "x \t y", "x-b", ""]);
  // "voilà" in UTF-8 ends with the byte of a no-break space.
  const voila = Buffer.from("voilà").toString("latin1");
  const [, value = ""] = head([`x-a: ${voila}`]).headers;
  expect(Buffer.from(value, "latin1").toString()).toBe("voilà");
});

test("a head of 64 KiB that is invalid at its very end is refused at once", () => {
  const lines = Array.from({ length: 9000 }, () => "a-b: c");
  const before = performance.now();
  expect(() => head([...lines, "no colon"])).toThrow("no colon");
  // It takes a few milliseconds; where each line could end in several ways it would take for ever.
  expect(performance.now() - before).toBeLessThan(5000);
});

describe("the length", () => {
  test.each([
    "",
    "+5",
    "-5",
    "5 5",
    "5, 6",
    "5,",
    ",5",
    "5, +5",
    "0x5",
    "5.0",
    "5e1",
    "9007199254740993",
    "٥",
  ])("is refused as %j", (value) => {
    expect(() => head([`Content-Length: ${value}`])).toThrow("expected one content-length");
  });

  test.each(["5, 5", "5,5 ,\t05"])("may be sent as %j", (value) => {
    expect(head([`Content-Length: ${value}`, "Content-Length: 5"])).toMatchObject({
      length: 5,
      keepAlive: true,
    });
    expect(() => head([`Content-Length: ${value}`, "Content-Length: 6"])).toThrow(MalformedAnswer);
  });

  test("may be sent twice when it is the same, and is refused when it is not", () => {
    expect(head(["Content-Length: 5", "content-length: 05"]).length).toBe(5);
    expect(() => head(["Content-Length: 5", "content-length: 6"])).toThrow(MalformedAnswer);
  });
});

describe("with a transfer encoding", () => {
  test.each([
    ["chunked in any case", ["Transfer-Encoding: CHUNKED"], "chunked", true],
    ["an empty second one", ["Transfer-Encoding: chunked", "Transfer-Encoding:"], "close", false],
    [
      "chunked not last over two lines",
      ["Transfer-Encoding: chunked", "Transfer-Encoding: x"],
      "close",
      false,
    ],
    ["chunked last over two lines", ["Transfer-Encoding: x", "Transfer-Encoding: chunked"], "chunked", false],
    ["something that only looks like chunked", ["Transfer-Encoding: xchunked"], "close", false],
    ["something after chunked", ["Transfer-Encoding: chunked, identity"], "close", false],
    ["a length besides", ["Content-Length: 3", "Transfer-Encoding: chunked"], "chunked", false],
    ["another one and a length", ["Content-Length: 3", "Transfer-Encoding: identity"], "close", false],
  ])("%s the body ends by the rules, and the connection is reused only where all is plain", (...row) => {
    const [, lines, framing, keepAlive] = row;
    expect(head(lines)).toMatchObject({ framing, keepAlive, length: undefined });
  });

  test("chunked in an answer of HTTP/1.0, which has no chunks, the connection is not reused", () => {
    const lines = ["Transfer-Encoding: chunked", "Connection: keep-alive"];
    expect(head(lines, "HTTP/1.0 200 OK")).toMatchObject({ framing: "chunked", keepAlive: false });
  });
});

describe("with a status that has no body", () => {
  test.each([
    ["nothing about one", [], true],
    ["a length of 0", ["Content-Length: 0"], true],
    ["a length", ["Content-Length: 4"], false],
    ["chunks", ["Transfer-Encoding: chunked"], false],
  ])("and %s the connection is reused only where nothing can follow", (_, lines, keepAlive) => {
    for (const status of [204, 304])
      expect(head(lines, `HTTP/1.1 ${status} x`)).toMatchObject({
        framing: "none",
        length: undefined,
        keepAlive,
      });
  });
});

test("close has precedence over keep-alive", () => {
  const lines = ["Content-Length: 0", "Connection: keep-alive", "Connection: close"];
  expect(head(lines, "HTTP/1.0 200 OK").keepAlive).toBe(false);
  expect(head(lines).keepAlive).toBe(false);
});

test.each([
  ["timeout=0", 0],
  ["timeout=5, max=100", 5],
  ["max=100,Timeout=7", 7],
  ['timeout="9"', 9],
  ["max=100", undefined],
  ["timeout=soon", undefined],
])("Keep-Alive: %s means %s seconds", (value, seconds) => {
  expect(head(["Content-Length: 0", `Keep-Alive: ${value}`]).idleSeconds).toBe(seconds);
});
