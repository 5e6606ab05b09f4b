import { gzipSync } from "node:zlib";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { RawClient, type Reply } from "../../../support/http-client.js";
import { type Behaviour, chunked, headBytes, plain, raw, rawThenClose } from "../../../support/raw-model.js";
import { WorkerFixture } from "../../../support/worker-fixture.js";

let fixture: WorkerFixture;
beforeAll(async () => {
  fixture = await WorkerFixture.start({ handlers: [{ route: "/go", allowParallelRequests: true }] });
});
afterEach(() => fixture.expectServing());
afterAll(() => fixture.stop());

/** The client's answer when the model does this. */
async function relayed(behaviour: Behaviour): Promise<Reply> {
  fixture.model.on("/go", behaviour);
  return fixture.post("/go");
}

/** Bytes in which nothing is lost or moved without being seen. */
function noise(length: number): Buffer {
  const bytes = Buffer.alloc(length);
  let state = length;
  for (let index = 0; index < length; index++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    bytes[index] = state >>> 24;
  }
  return bytes;
}

/** Values of a header, in the order in which they came. */
const valuesOf = ({ rawHeaders }: Reply, name: string): string[] =>
  rawHeaders.filter((_, index) => index % 2 === 1 && rawHeaders[index - 1]?.toLowerCase() === name);

const EVENTS = Array.from(
  { length: 50 },
  (_, n) => `event: token\ndata: {"n": ${n}, "text": "é\u{1f600}"}\n\n`,
);
const LINES = EVENTS.map((event) => `${JSON.stringify(event)}\n`);

describe("the body of the model's answer arrives byte by byte as it was sent", () => {
  const json = '{ "a" : 1.0,\n\t"b":"\\u00e9", "n": 9007199254740993 }';
  test.each<[string, Behaviour, Buffer | string]>([
    ["JSON", plain({ headers: ["content-type", "application/json"], body: json }), json],
    ["an empty body", plain(), ""],
    ["one byte", plain({ body: "x" }), "x"],
    ["binary", plain({ headers: ["content-type", "image/png"], body: noise(5000) }), noise(5000)],
    ["64 KiB", plain({ body: noise(65_536) }), noise(65_536)],
    ["a byte more than 64 KiB", plain({ body: noise(65_537) }), noise(65_537)],
    ["16 MB of known length", plain({ body: noise(16_000_000) }), noise(16_000_000)],
    [
      "16 MB in chunks",
      chunked([], [noise(15_000_000), noise(1_000_000)]),
      Buffer.concat([noise(15_000_000), noise(1_000_000)]),
    ],
    ["server-sent events", chunked(["content-type", "text/event-stream"], EVENTS), EVENTS.join("")],
    [
      "events of known length",
      plain({ headers: ["content-type", "text/event-stream"], body: EVENTS.join("") }),
      EVENTS.join(""),
    ],
    ["an empty stream of known length", plain({ headers: ["content-type", "text/event-stream"] }), ""],
    ["an empty chunked stream", chunked(["content-type", "text/event-stream"], []), ""],
    ["ndjson", chunked(["content-type", "application/x-ndjson"], LINES), LINES.join("")],
    ["jsonl", chunked(["content-type", "application/jsonl"], LINES), LINES.join("")],
    ["chunked JSON", chunked(["content-type", "application/json"], [...json]), json],
    [
      "chunks of one byte",
      chunked(
        [],
        [...noise(500)].map((byte) => Buffer.of(byte)),
      ),
      noise(500),
    ],
    [
      "an answer that ends with the connection",
      rawThenClose(Buffer.concat([headBytes(200, []), noise(200_000)])),
      noise(200_000),
    ],
    ["an empty answer that ends with the connection", rawThenClose(headBytes(200, [])), ""],
    [
      "trailers are left out",
      raw(
        Buffer.concat([
          headBytes(200, ["transfer-encoding", "chunked"]),
          Buffer.from("3\r\nabc\r\n0\r\nx-sum: 1\r\n\r\n"),
        ]),
      ),
      "abc",
    ],
    [
      "extensions of chunks are left out",
      raw(
        Buffer.concat([
          headBytes(200, ["transfer-encoding", "chunked"]),
          Buffer.from("3;a=b\r\nabc\r\n0;c\r\n\r\n"),
        ]),
      ),
      "abc",
    ],
  ])("%s", async (_, behaviour, expected) => {
    const { status, body, complete } = await relayed(behaviour);
    expect({ status, complete }).toEqual({ status: 200, complete: true });
    // Not `toEqual`: what differs in 16 MB is not worth printing.
    expect(body.equals(Buffer.from(expected))).toBe(true);
  });

  test("a compressed body is passed on as it is", async () => {
    const body = gzipSync("hello".repeat(1000));
    const reply = await relayed(
      plain({ headers: ["content-encoding", "gzip", "content-type", "text/plain"], body }),
    );
    expect(reply.body.equals(body)).toBe(true);
    expect(reply.headers).toMatchObject({ "content-encoding": "gzip", "content-type": "text/plain" });
  });

  test("a known length is sent", async () => {
    for (const length of [0, 10, 100_000]) {
      const reply = await relayed(plain({ body: noise(length) }));
      expect(valuesOf(reply, "content-length")).toEqual([String(length)]);
      expect(valuesOf(reply, "transfer-encoding")).toEqual([]);
    }
  });
});

describe("an answer that has no body", () => {
  test.each<[string, Behaviour]>([
    ["204", raw(headBytes(204, ["x-a", "1"]))],
    ["204 with a length", raw(headBytes(204, ["x-a", "1", "content-length", "0"]))],
    ["304", raw(headBytes(304, ["x-a", "1"]))],
    ["304 with the length of what is not sent", raw(headBytes(304, ["x-a", "1", "content-length", "1234"]))],
  ])("%s leaves the connection in order", async (status, behaviour) => {
    fixture.model.on("/go", behaviour);
    const client = await RawClient.connect(fixture.worker.url);
    for (let turn = 1; turn <= 3; turn++) {
      client.received = "";
      client.send(fixture.requestBytes("/go"));
      await client.receives(/\r\n\r\n/);
      expect(client.received).toMatch(
        new RegExp(`^HTTP/1\\.1 ${status.slice(0, 3)} .*\r\nx-a: 1\r\n[^]*\r\n\r\n$`),
      );
      expect(client.received).not.toMatch(/content-length: [1-9]|transfer-encoding/i);
    }
    client.leave();
  });
});

describe("the status is passed on", () => {
  test.each([
    200, 201, 202, 203, 206, 226, 300, 400, 401, 402, 403, 404, 405, 409, 410, 413, 418, 422, 429, 451, 500,
    501, 502, 503, 504, 599, 777,
  ])("%i", async (status) => {
    const reply = await relayed(
      plain({ status, headers: ["retry-after", "7"], body: '{"error": "of the model"}' }),
    );
    expect({
      status: reply.status,
      body: reply.body.toString(),
      retryAfter: reply.headers["retry-after"],
    }).toEqual({
      status,
      body: '{"error": "of the model"}',
      retryAfter: "7",
    });
  });

  test.each([301, 302, 303, 307, 308])("%i, a redirect, which is not followed", async (status) => {
    const location = `http://127.0.0.1:${fixture.model.port}/elsewhere`;
    const asked = fixture.model.requests.length;
    const reply = await relayed(plain({ status, headers: ["location", location], body: "moved" }));
    expect({ status: reply.status, location: reply.headers.location }).toEqual({ status, location });
    expect(fixture.model.requests.length).toBe(asked + 1);
  });

  test("an interim answer of the model is not the answer", async () => {
    const interim = "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n";
    const reply = await relayed(
      raw(Buffer.concat([Buffer.from(interim), headBytes(200, ["content-length", "2"]), Buffer.from("ok")])),
    );
    expect({ status: reply.status, body: reply.body.toString(), link: reply.headers.link }).toEqual({
      status: 200,
      body: "ok",
      link: undefined,
    });
  });
});

describe("the headers are passed on", () => {
  const both: readonly [string, (headers: readonly string[]) => Behaviour][] = [
    ["of a whole answer", (headers) => plain({ headers, body: "x" })],
    ["of a stream", (headers) => chunked(headers, ["x"])],
  ];
  describe.each(both)("%s:", (_, answering) => {
    test("the content type with its parameters", async () => {
      for (const type of ['text/event-stream; charset=utf-8; boundary="a b"', "application/json;odd=;"]) {
        expect(valuesOf(await relayed(answering(["content-type", type])), "content-type")).toEqual([type]);
      }
    });

    test("an answer without a content type does not get one", async () => {
      expect(valuesOf(await relayed(answering([])), "content-type")).toEqual([]);
    });

    test("the same name several times, in order", async () => {
      const cookies = ["a=1; Path=/", "b=2, c", "a=3"];
      const reply = await relayed(answering(cookies.flatMap((cookie) => ["Set-Cookie", cookie])));
      expect(valuesOf(reply, "set-cookie")).toEqual(cookies);
    });

    test("bytes that are not ASCII, empty values, and blanks inside", async () => {
      const reply = await relayed(
        answering(["x-name", "caf\xe9 \xff\x80", "x-utf8", "\xc3\xa9", "x-empty", "", "x-tab", "a\tb  c"]),
      );
      expect(valuesOf(reply, "x-name")).toEqual(["caf\xe9 \xff\x80"]);
      expect(valuesOf(reply, "x-utf8")).toEqual(["\xc3\xa9"]);
      expect(valuesOf(reply, "x-empty")).toEqual([""]);
      expect(valuesOf(reply, "x-tab")).toEqual(["a\tb  c"]);
    });

    test("many and long ones", async () => {
      const headers = Array.from({ length: 60 }, (_, n) => [`x-${n}`, `${n}`.repeat(100)]).flat();
      const reply = await relayed(answering(headers));
      for (let n = 0; n < 60; n++) expect(valuesOf(reply, `x-${n}`)).toEqual([`${n}`.repeat(100)]);
    });

    test("but not those that concern the model's connection only", async () => {
      const dropped = [
        ["keep-alive", "timeout=5"],
        ["proxy-authenticate", "Basic"],
        ["proxy-connection", "keep-alive"],
        ["te", "trailers"],
        ["trailer", "x-sum"],
        ["upgrade", "h2c"],
      ];
      const reply = await relayed(answering([...dropped.flat(), "x-kept", "1"]));
      for (const [name = ""] of dropped) expect(valuesOf(reply, name)).toEqual([]);
      expect(valuesOf(reply, "x-kept")).toEqual(["1"]);
    });

    test("nor those that a Connection header names, nor that header", async () => {
      const reply = await relayed(
        answering([
          "Connection",
          "keep-alive, X-One ,x-TWO",
          "connection",
          "x-three",
          "x-one",
          "1",
          "X-Two",
          "2",
          "x-three",
          "3",
          "x-four",
          "4",
        ]),
      );
      for (const name of ["x-one", "x-two", "x-three"]) expect(valuesOf(reply, name)).toEqual([]);
      expect(valuesOf(reply, "x-four")).toEqual(["4"]);
      expect(valuesOf(reply, "connection").filter((value) => value !== "close")).toEqual([]);
    });

    test("and the date is sent once", async () => {
      const reply = await relayed(answering(["date", "Mon, 01 Jan 2001 00:00:00 GMT"]));
      expect(valuesOf(reply, "date")).toHaveLength(1);
    });
  });
});
