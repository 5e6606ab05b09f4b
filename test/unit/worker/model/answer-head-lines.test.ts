import { describe, expect, test } from "vitest";
import { MalformedAnswer, parseHead } from "../../../../src/worker/model/answer-head.js";

/** The head of an answer with these header lines. */
const head = (lines: readonly string[], status = "HTTP/1.1 200 OK") =>
  parseHead(Buffer.from([status, ...lines, ""].join("\r\n"), "latin1"));

describe("the headers of a model's answer", () => {
  test("are passed on in their order, spelling and number", () => {
    const { headers } = head([
      "X-One: 1",
      "set-cookie: a=1; Path=/",
      "Set-Cookie: b=2",
      "x-empty:",
      "X-Spaces:  a  b ",
    ]);
    expect(headers).toEqual([
      ...["X-One", "1", "set-cookie", "a=1; Path=/", "Set-Cookie", "b=2"],
      ...["x-empty", "", "X-Spaces", "a  b"],
    ]);
  });

  test.each([
    "Connection: keep-alive",
    "Keep-Alive: timeout=5",
    "Proxy-Authenticate: Basic",
    "Proxy-Authorization: Basic eA==",
    "Proxy-Connection: keep-alive",
    "TE: trailers",
    "Trailer: Expires",
    "Transfer-Encoding: chunked",
    "UPGRADE: h2c",
    "Content-Length: 5",
  ])("are not passed on where they concern the connection or the length only: %s", (line) => {
    expect(head(["X-Before: 1", line, "X-After: 2"]).headers).toEqual(["X-Before", "1", "X-After", "2"]);
  });

  test("are not passed on where a Connection header names them, however many of those there are", () => {
    const { headers } = head([
      "X-One: 1",
      "Connection: close, X-One",
      "X-Two: 2",
      "connection: x-two , X-Three",
      "X-Three: 3",
      "X-Four: X-One",
    ]);
    expect(headers).toEqual(["X-Four", "X-One"]);
  });

  test("are passed on where their name only resembles one of the connection's", () => {
    const lines = ["Connections: 1", "Keep-Alives: 2", "X-TE: 3", "Contentslength: 4"];
    expect(head(lines).headers).toHaveLength(2 * lines.length);
  });

  test("may hold bytes beyond ASCII, and whether they do is detected", () => {
    expect(head(["X-Name: café"])).toMatchObject({ headers: ["X-Name", "café"], isAscii: false });
    expect(head(["X-Name: cafe"]).isAscii).toBe(true);
  });
});

describe("the content type", () => {
  test("is read with its parameters, in lower case, and passed on as it was", () => {
    expect(head(["Content-Type: Text/Event-Stream; Charset=UTF-8"])).toMatchObject({
      contentType: "text/event-stream; charset=utf-8",
      headers: ["Content-Type", "Text/Event-Stream; Charset=UTF-8"],
    });
  });

  test("is empty where there is none", () => {
    expect(head([]).contentType).toBe("");
  });
});

describe("the end of the body is marked by", () => {
  test.each([
    ["its length", [200, ["Content-Length: 12"]], { framing: "length", length: 12 }],
    [
      "a length that is repeated",
      [200, ["Content-Length: 12", "Content-Length: 12"]],
      { framing: "length", length: 12 },
    ],
    ["its chunks", [200, ["Transfer-Encoding: chunked"]], { framing: "chunked", length: undefined }],
    [
      "its chunks, whatever the length besides",
      [200, ["Content-Length: 12", "Transfer-Encoding: Chunked"]],
      { framing: "chunked", length: undefined },
    ],
    [
      "its chunks, when it is encoded otherwise before",
      [200, ["Transfer-Encoding: gzip, chunked"]],
      { framing: "chunked" },
    ],
    [
      "the end of the connection, when nothing else marks it",
      [200, []],
      { framing: "close", length: undefined, keepAlive: false },
    ],
    [
      "the end of the connection, when chunks are not the last encoding",
      [200, ["Transfer-Encoding: gzip"]],
      { framing: "close" },
    ],
    ["the head, for 204", [204, []], { framing: "none" }],
    ["the head, for 304, whatever its length", [304, ["Content-Length: 12"]], { framing: "none" }],
    ["the head, for interim answers", [103, ["Link: </a>"]], { framing: "none" }],
  ] as const)("%s", (_, [status, lines], expected) => {
    expect(head(lines, `HTTP/1.1 ${status} Whatever`)).toMatchObject({ status, ...expected });
  });
});

describe("the connection may take another request", () => {
  test.each([
    ["by default in HTTP/1.1", "HTTP/1.1", ["Content-Length: 0"], true],
    ["not after Connection: close", "HTTP/1.1", ["Content-Length: 0", "Connection: Close"], false],
    ["not by default in HTTP/1.0", "HTTP/1.0", ["Content-Length: 0"], false],
    [
      "in HTTP/1.0 after Connection: keep-alive",
      "HTTP/1.0",
      ["Content-Length: 0", "Connection: Keep-Alive"],
      true,
    ],
    [
      "not where length and encoding contradict each other",
      "HTTP/1.1",
      ["Content-Length: 0", "Transfer-Encoding: chunked"],
      false,
    ],
  ])("%s", (_, version, lines, keepAlive) => {
    expect(head(lines, `${version} 200 OK`).keepAlive).toBe(keepAlive);
  });

  test("for the seconds of its Keep-Alive header", () => {
    expect(head(["Content-Length: 0", "Keep-Alive: max=5, timeout=30"]).idleSeconds).toBe(30);
    expect(head(["Content-Length: 0", "Keep-Alive: max=5"]).idleSeconds).toBeUndefined();
  });
});

describe("an answer is refused", () => {
  test.each([
    ["that is no HTTP", [], "SSH-2.0-OpenSSH_9.6"],
    ["of another version", [], "HTTP/2.0 200 OK"],
    ["without a status", [], "HTTP/1.1 OK"],
    ["with a header line that is none", ["no colon here"], "HTTP/1.1 200 OK"],
    ["with a header without a name", [": value"], "HTTP/1.1 200 OK"],
    ["with a length that is no number", ["Content-Length: 12a"], "HTTP/1.1 200 OK"],
    ["with a negative length", ["Content-Length: -1"], "HTTP/1.1 200 OK"],
    [
      "with lengths that contradict each other",
      ["Content-Length: 1", "Content-Length: 2"],
      "HTTP/1.1 200 OK",
    ],
  ])("%s", (_, lines, status) => {
    expect(() => head(lines, status)).toThrow(MalformedAnswer);
  });
});
