import { describe, expect, test } from "vitest";
import { MalformedAnswer, type ParsedHead } from "../../../../src/worker/model/answer-head.js";
import { AnswerParser, type ParserSink } from "../../../../src/worker/model/answer-parser.js";

const latin1 = (text: string): Buffer => Buffer.from(text, "latin1");

/** Records the calls of a parser. */
class RecordingSink implements ParserSink {
  readonly heads: ParsedHead[] = [];
  readonly #pieces: Buffer[] = [];
  readonly order: string[] = [];
  surplus = false;
  /** Called when an answer is complete. */
  afterwards: () => void = () => {};

  get body(): string {
    return Buffer.concat(this.#pieces).toString("latin1");
  }

  onHead(head: ParsedHead): void {
    this.order.push("head");
    this.heads.push(head);
  }

  onBody(piece: Buffer): void {
    expect(piece.length).toBeGreaterThan(0);
    if (this.order.at(-1) !== "body") this.order.push("body");
    this.#pieces.push(Buffer.from(piece));
  }

  onComplete(hasSurplus: boolean): void {
    this.order.push("complete");
    this.surplus = hasSurplus;
    this.afterwards();
  }
}

const SHARED = Buffer.alloc(128 * 1024);

/** Feeds pieces from one buffer that is overwritten after each of them, as a connection's is. */
function feed(parser: AnswerParser, pieces: readonly Buffer[]): void {
  for (const piece of pieces) {
    piece.copy(SHARED);
    parser.push(SHARED.subarray(0, piece.length));
    SHARED.fill("!", 0, piece.length);
  }
}

function parse(pieces: readonly Buffer[], isEnded: boolean): RecordingSink {
  const sink = new RecordingSink();
  const parser = new AnswerParser(sink);
  parser.expect();
  feed(parser, pieces);
  if (isEnded) expect(parser.end()).toBe(true);
  expect(parser.isComplete).toBe(true);
  return sink;
}

const splitAt = (bytes: Buffer, positions: readonly number[]): Buffer[] => {
  const borders = [0, ...positions, bytes.length];
  return borders.slice(1).map((end, index) => bytes.subarray(borders[index], end));
};

/** The same numbers each time (mulberry32). */
function randomNumbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

const CHUNKED = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
const NOISE = latin1(
  Array.from({ length: 300 }, (_, index) => String.fromCharCode(index % 256)).join(""),
).toString("latin1");
const HELLO = "hello, world";

/** Bytes of an answer, its status, its body, and whether the end of the connection ends it. */
type Row = readonly [name: string, bytes: string, status: number, body: string, isEnded?: boolean];

const ANSWERS: readonly Row[] = [
  ["with a length", `HTTP/1.1 200 OK\r\nContent-Length: 12\r\n\r\n${HELLO}`, 200, HELLO],
  ["with any bytes", `HTTP/1.1 200 OK\r\nContent-Length: 300\r\n\r\n${NOISE}`, 200, NOISE],
  ["with the length 0", "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", 200, ""],
  [
    "with a repeated length",
    "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 2\r\n\r\nok",
    200,
    "ok",
  ],
  [
    "whose body looks like heads",
    "HTTP/1.1 200 OK\r\nContent-Length: 19\r\n\r\nHTTP/1.1 404 No\r\n\r\n",
    200,
    "HTTP/1.1 404 No\r\n\r\n",
  ],
  ["in one chunk", `${CHUNKED}c\r\n${HELLO}\r\n0\r\n\r\n`, 200, HELLO],
  ["in many chunks", `${CHUNKED}1\r\nh\r\n04\r\nello\r\n7\r\n, world\r\n000\r\n\r\n`, 200, HELLO],
  ["in chunks that look like the framing", `${CHUNKED}7\r\n0\r\n\r\n\r\n\r\n0\r\n\r\n`, 200, "0\r\n\r\n\r\n"],
  ["in chunks of any bytes, in upper case", `${CHUNKED}12C\r\n${NOISE}\r\n0\r\n\r\n`, 200, NOISE],
  ["in chunks with extensions", `${CHUNKED}2;a=b;c="d"\r\nok\r\n2 ; x\r\n!!\r\n0;last\r\n\r\n`, 200, "ok!!"],
  ["in chunks with trailers", `${CHUNKED}2\r\nok\r\n0\r\nX-Sum: 1\r\nX-More: 2\r\n\r\n`, 200, "ok"],
  ["in chunks whose lines end with LF only", `${CHUNKED}2\nok\n2\n!!\n0\nX-Sum: 1\n\n`, 200, "ok!!"],
  ["in no chunk", `${CHUNKED}0\r\n\r\n`, 200, ""],
  [
    "in chunks, with a length that says otherwise",
    "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n",
    200,
    "ok",
  ],
  ["that ends with the connection", `HTTP/1.1 200 OK\r\nX-A: 1\r\n\r\n${NOISE}`, 200, NOISE, true],
  ["that is empty and ends with the connection", "HTTP/1.1 200 OK\r\n\r\n", 200, "", true],
  ["of HTTP/1.0", `HTTP/1.0 200 OK\r\n\r\n${HELLO}`, 200, HELLO, true],
  ["of HTTP/1.0 with a length", "HTTP/1.0 500 No\r\nContent-Length: 2\r\n\r\nok", 500, "ok"],
  ["204", "HTTP/1.1 204 No Content\r\n\r\n", 204, ""],
  ["204 with a length", "HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\n", 204, ""],
  ["304 with the length of what is not sent", "HTTP/1.1 304 X\r\nContent-Length: 1234\r\n\r\n", 304, ""],
  ["304 with an encoding", "HTTP/1.1 304 X\r\nTransfer-Encoding: chunked\r\n\r\n", 304, ""],
  ["after 100", "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", 200, "ok"],
  [
    "after several interim ones",
    `HTTP/1.1 100\r\n\r\nHTTP/1.1 102 Processing\r\nContent-Length: 7\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n${CHUNKED}2\r\nok\r\n0\r\n\r\n`,
    200,
    "ok",
  ],
];

const named = (rows: readonly Row[]) => rows.map((row) => ({ name: row[0], row }));

describe.each(named(ANSWERS))("an answer $name", ({ row: [, text, status, body, isEnded = false] }) => {
  const bytes = latin1(text);
  const expectRight = (pieces: readonly Buffer[]): void => {
    const sink = parse(pieces, isEnded);
    expect(sink.heads.map((head) => head.status)).toEqual([status]);
    expect(sink.body).toBe(body);
    expect(sink.order).toEqual(["head", ...(body === "" ? [] : ["body"]), "complete"]);
    expect(sink.surplus).toBe(false);
  };

  test("is read at once", () => expectRight([bytes]));

  test("is read in two pieces, wherever it is cut", () => {
    for (let at = 1; at < bytes.length; at++) expectRight(splitAt(bytes, [at]));
  });

  test("is read byte by byte", () => {
    expectRight(
      splitAt(
        bytes,
        Array.from({ length: bytes.length - 1 }, (__, index) => index + 1),
      ),
    );
  });

  test("is read in pieces of random length", () => {
    const random = randomNumbers(bytes.length);
    for (let round = 0; round < 200; round++) {
      const share = random();
      const positions = Array.from({ length: bytes.length - 1 }, (__, index) => index + 1);
      expectRight(
        splitAt(
          bytes,
          positions.filter(() => random() < share),
        ),
      );
    }
  });

  test("is detected as broken off wherever it ends too early", () => {
    const headEnd = text.lastIndexOf("\r\n\r\n", isEnded ? text.indexOf(body || "\r\n\r\n") : undefined);
    for (let length = 0; length < (isEnded ? headEnd : bytes.length); length++) {
      const sink = new RecordingSink();
      const parser = new AnswerParser(sink);
      parser.expect();
      feed(parser, [bytes.subarray(0, length)]);
      expect(parser.end(), `after ${length} bytes`).toBe(false);
      expect(sink.order).not.toContain("complete");
    }
  });
});

test("answers one after another are kept apart, when the next one is expected within the end of the last", () => {
  const sink = new RecordingSink();
  const parser = new AnswerParser(sink);
  sink.afterwards = () => parser.expect();
  parser.expect();
  const kept = ANSWERS.filter(([, , , , isEnded = false]) => !isEnded);
  for (const [, text] of kept) feed(parser, splitAt(latin1(text), [text.length >> 1]));
  expect(sink.heads.map(({ status }) => status)).toEqual(kept.map(([, , status]) => status));
  expect(sink.body).toBe(kept.map(([, , , body]) => body).join(""));
});

describe("bytes after an answer", () => {
  const rows = ANSWERS.filter(([, , , , isEnded = false]) => !isEnded);
  const stolen = "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nstolen";

  test.each(named(rows))(
    "are never the answer to the next request: $name",
    ({ row: [, text, status, body] }) => {
      for (const surplus of [stolen, "\r\n", "x"]) {
        const sink = new RecordingSink();
        const parser = new AnswerParser(sink);
        // The next request is sent from within the end of the answer.
        sink.afterwards = () => parser.expect();
        parser.expect();
        parser.push(latin1(text + surplus));
        expect(sink.heads.map((head) => head.status)).toEqual([status]);
        expect(sink.body).toBe(body);
        expect(sink.surplus).toBe(true);
      }
    },
  );

  test("are refused when they come later, while nothing is expected", () => {
    const parser = new AnswerParser(new RecordingSink());
    parser.expect();
    parser.push(latin1("HTTP/1.1 204 No\r\n\r\n"));
    expect(() => parser.push(latin1(stolen))).toThrow("no bytes after the answer");
  });
});

describe("refused, in one piece and byte by byte, is", () => {
  const pad = (size: number): string => "x".repeat(size);
  test.each([
    ["another protocol", "SSH-2.0-OpenSSH_9.6\r\n"],
    ["a TLS alert", "\x15\x03\x01\x00\x02\x02\x46"],
    ["HTTP/2", "\x00\x00\x12\x04\x00\x00\x00\x00\x00\x00\x03"],
    ["an answer that begins with an empty line", "\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"],
    ["a head whose lines end with LF only", "HTTP/1.1 200 OK\nContent-Length: 2\n\nok"],
    ["a switch of protocols", "HTTP/1.1 101 Switching\r\nUpgrade: x\r\n\r\n"],
    ["a header folded into the status line", "HTTP/1.1 200 OK\r\n X-A: 1\r\n\r\n"],
    ["two lengths", "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nok"],
    ["a chunk without a size", `${CHUNKED}\r\n`],
    ["a chunk with an extension and no size", `${CHUNKED};a=b\r\n`],
    ["a negative size of a chunk", `${CHUNKED}-1\r\n`],
    ["a size of a chunk with a prefix", `${CHUNKED}0x5\r\nhello\r\n`],
    ["a size of a chunk with a space before it", `${CHUNKED} 5\r\nhello\r\n`],
    ["a size of a chunk in two words", `${CHUNKED}5 5\r\nhello\r\n`],
    ["a size of a chunk that no number holds", `${CHUNKED}fffffffffffffffff\r\n`],
    ["a size of a chunk with a CR after it", `${CHUNKED}5\r\r\nhello\r\n`],
    ["a chunk that is longer than its size", `${CHUNKED}5\r\nhello!`],
    ["a chunk that is longer than its size and looks like an end", `${CHUNKED}5\r\nhello\rx\n`],
  ])("%s", (_, text) => {
    const bytes = latin1(text);
    const positions = Array.from({ length: bytes.length - 1 }, (__, index) => index + 1);
    for (const pieces of [[bytes], splitAt(bytes, positions)]) {
      const parser = new AnswerParser(new RecordingSink());
      parser.expect();
      expect(() => feed(parser, pieces)).toThrow(MalformedAnswer);
    }
  });

  test.each([
    ["a head without an end", `HTTP/1.1 200 OK\r\nX-A: ${pad(70_000)}`],
    ["a head that is too long", `HTTP/1.1 200 OK\r\nX-A: ${pad(70_000)}\r\n\r\n`],
    ["an extension of a chunk without an end", `${CHUNKED}5;${pad(20_000)}`],
    ["an extension of a chunk that is too long", `${CHUNKED}5;${pad(20_000)}\r\n`],
    ["a trailer without an end", `${CHUNKED}0\r\nX-A: ${pad(20_000)}`],
  ])("%s", (_, text) => {
    const bytes = latin1(text);
    for (const size of [bytes.length, 1000, 7001]) {
      const positions = Array.from(
        { length: Math.ceil(bytes.length / size) - 1 },
        (__, index) => (index + 1) * size,
      );
      const parser = new AnswerParser(new RecordingSink());
      parser.expect();
      expect(() => feed(parser, splitAt(bytes, positions))).toThrow(MalformedAnswer);
    }
  });
});

test("a head of almost 64 KiB and a trailer of almost 16 KiB are read", () => {
  const text = `HTTP/1.1 200 OK\r\nX-A: ${"x".repeat(65_000)}\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\nX-B: ${"y".repeat(16_000)}\r\n\r\n`;
  expect(parse([latin1(text)], false).body).toBe("ok");
  const bytes = latin1(text);
  const positions = Array.from({ length: Math.floor(bytes.length / 997) }, (_, index) => (index + 1) * 997);
  expect(parse(splitAt(bytes, positions), false).body).toBe("ok");
});

test("garbage is refused or ends with the connection, and nothing else happens", () => {
  const random = randomNumbers(7);
  const starts = ["", "HTTP/1.1 200 OK\r\n", CHUNKED, "HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\n"];
  const alphabet = "\r\n\r\n:; 0123456789abcdefHTTP/\0\xff";
  for (let round = 0; round < 20_000; round++) {
    let text = starts[round % starts.length] ?? "";
    for (let length = Math.floor(random() * 80); length > 0; length--) {
      text += alphabet[Math.floor(random() * alphabet.length)];
    }
    const sink = new RecordingSink();
    const parser = new AnswerParser(sink);
    parser.expect();
    try {
      parser.push(latin1(text));
      parser.end();
    } catch (error) {
      expect(error).toBeInstanceOf(MalformedAnswer);
    }
    expect(sink.order.filter((each) => each === "complete").length).toBeLessThanOrEqual(1);
    expect(sink.order.indexOf("complete")).toBe(sink.order.includes("complete") ? sink.order.length - 1 : -1);
  }
});
