import { Packr } from "msgpackr";
import { describe, expect, test } from "vitest";
import { decodeMsgpack } from "../../../../../src/worker/request/envelope/msgpack.js";
import { MsgpackScanner } from "../../../../../src/worker/request/envelope/msgpack-scanner.js";

const NAMES = ["auth_data", "payload", "session_id"];
const NONE = [undefined, undefined, undefined];

const packr = new Packr({ useRecords: false });
const bytes = (...values: readonly number[]): Buffer => Buffer.from(values);

/** The values that count, decoded; undefined where a name has none. */
function valuesOf(body: Buffer, size = body.length): readonly unknown[] {
  const scanner = new MsgpackScanner(NAMES, body.length);
  for (let start = 0; start < body.length; start += size) scanner.push(body.subarray(start, start + size));
  scanner.end();
  return NAMES.map((_, index) =>
    scanner.spans.startOf(index) < 0
      ? undefined
      : decodeMsgpack(body.subarray(scanner.spans.startOf(index), scanner.spans.endOf(index))),
  );
}

const ENVELOPE = {
  auth_data: { payload: 1, signature: "A".repeat(344) },
  other: [{ payload: 2 }, "ü".repeat(40)],
  payload: {
    list: [1, -1, 300, 1e5, 2 ** 40, 1.5, null, true, []],
    bytes: Buffer.alloc(300, 1),
    map: { a: {} },
  },
  session_id: "é",
};

describe("spans", () => {
  test.each<[string, Buffer, readonly unknown[]]>([
    [
      "of all kinds of values",
      packr.pack(ENVELOPE),
      [ENVELOPE.auth_data, ENVELOPE.payload, ENVELOPE.session_id],
    ],
    ["of what is empty", packr.pack({ payload: {}, auth_data: [], session_id: "" }), [[], {}, ""]],
    [
      "of the last of several",
      Buffer.concat([bytes(0x82), ...[1, 2].flatMap((value) => [packr.pack("payload"), bytes(value)])]),
      [undefined, 2, undefined],
    ],
    [
      "of a name whose length is in four bytes",
      Buffer.concat([bytes(0xdf, 0, 0, 0, 1, 0xdb, 0, 0, 0, 7), Buffer.from("payload"), bytes(5)]),
      [undefined, 5, undefined],
    ],
    ["none of other names", packr.pack({ payloads: 1, payloa: 2, Payload: 3, "": 4, päyload: 5 }), NONE],
    ["none in a list", packr.pack(["payload", { payload: 1 }]), NONE],
    ["none in a string", packr.pack("payload"), NONE],
    ["none in bytes", packr.pack(Buffer.from("payload")), NONE],
    ["none in an empty map", packr.pack({}), NONE],
  ])("%s", (_, body, values) => {
    expect(valuesOf(body)).toEqual(values);
    for (let size = 1; size < 12; size++) expect(valuesOf(body, size)).toEqual(values);
  });

  test("of any name, __proto__ too", () => {
    const scanner = new MsgpackScanner(["__proto__"], 100);
    scanner.push(Buffer.concat([bytes(0x81), packr.pack("__proto__"), bytes(0x90)]));
    expect([scanner.spans.startOf(0), scanner.spans.endOf(0)]).toEqual([11, 12]);
  });

  test("begin and end with the byte that shows it", () => {
    const scanner = new MsgpackScanner(["a"], 100);
    const seen: unknown[] = [];
    for (const byte of bytes(0x82, 0xa1, 0x61, 0x92, 0x01, 0xa1, 0x62, 0xa1, 0x61, 0xa0)) {
      scanner.push(bytes(byte));
      seen.push([scanner.spans.startOf(0), scanner.spans.endOf(0), scanner.isComplete].join());
    }
    expect(seen).toEqual([
      "-1,-1,false",
      "-1,-1,false",
      "-1,-1,false",
      "3,-1,false",
      "3,-1,false",
      "3,-1,false",
      "3,7,false",
      "3,7,false",
      "3,7,false",
      "9,10,true",
    ]);
  });

  test("are counted anew after a reset, also after a refusal", () => {
    const scanner = new MsgpackScanner(["a"], 100);
    expect(() => scanner.push(bytes(0x82, 0xa1, 0x61, 0x01, 0xc1))).toThrow(SyntaxError);
    expect(() => scanner.push(bytes(0x01))).toThrow(SyntaxError);
    expect(() => scanner.end()).toThrow(SyntaxError);
    scanner.reset();
    expect([scanner.spans.startOf(0), scanner.spans.endOf(0)]).toEqual([-1, -1]);
    scanner.push(bytes(0xc0));
    scanner.end();
    expect(scanner.isComplete).toBe(true);
  });
});

describe("what cannot become a value is refused with the byte that shows it", () => {
  test.each<[string, Buffer]>([
    ["the byte that is never used", bytes(0xc1)],
    ["a second value", bytes(0x01, 0x02)],
    ["something behind a map", bytes(0x80, 0xc0)],
    ["a key that is a number", bytes(0x81, 0x01)],
    ["a key that is nil, deeper", bytes(0x91, 0x82, 0xa0, 0x01, 0xc0)],
    ["a key that is bytes", bytes(0x81, 0xc4)],
    ["a key that is a list", bytes(0x81, 0x90)],
    ["NaN", bytes(0xcb, 0x7f, 0xf8)],
    ["an infinity", bytes(0x91, 0xcb, 0xff, 0xf0)],
    ["an infinity of 32 bits", bytes(0xca, 0x7f, 0x80)],
    ["a string that is not UTF-8", bytes(0xa2, 0xc3, 0x28)],
    ["a key that is not UTF-8", bytes(0x81, 0xa1, 0xff)],
    ["a string that ends within a character", bytes(0xa1, 0xc3)],
    ["half of a surrogate pair", bytes(0xa3, 0xed, 0xa0)],
    ["an overlong character", bytes(0xa2, 0xc0)],
    [
      "a long string that is not UTF-8",
      Buffer.concat([bytes(0xd9, 101), Buffer.alloc(99, 0x61), bytes(0xff)]),
    ],
    ["257 levels", Buffer.alloc(257, 0x91)],
    ["a string longer than the body may be", bytes(0xdb, 0x00, 0x10, 0x00, 0x00)],
    ["bytes longer than the body may be", bytes(0xc5, 0x04, 0x00)],
    ["a list longer than the body may be", bytes(0xdd, 0xff, 0xff, 0xff, 0xff)],
    ["a map longer than the body may be", bytes(0xde, 0x02, 0x00)],
    ["lists that are too long together", bytes(0xdc, 0x01, 0xfc, 0xdc, 0x01, 0xfc, 0xdc, 0x00, 0x08)],
    ["a string that leaves no room for what a list owes", bytes(0xdc, 0x03, 0xe8, 0xd9, 0x64)],
    ["more bytes than the body may have", Buffer.concat([bytes(0xc5, 0x03, 0xfd), Buffer.alloc(1022)])],
    ...[0xc7, 0xc8, 0xc9, 0xd4, 0xd5, 0xd6, 0xd7, 0xd8].map((first): [string, Buffer] => [
      `an extension that begins with ${first}`,
      bytes(0x92, first),
    ]),
  ])("%s", (_, body) => {
    const scanner = new MsgpackScanner(NAMES, 1024);
    scanner.push(body.subarray(0, -1));
    expect(() => scanner.push(body.subarray(-1))).toThrow(SyntaxError);
  });

  test("more values than a process can hold", () => {
    const scanner = new MsgpackScanner(NAMES, 2 ** 32);
    const piece = Buffer.alloc(1024 * 1024, 0x80);
    scanner.push(bytes(0xdd, 0x0f, 0xff, 0xff, 0xff));
    let pieces = 0;
    expect(() => {
      for (; pieces < 100; pieces++) scanner.push(piece);
    }).toThrow(SyntaxError);
    expect(pieces).toBe(3);
  });
});

test("256 levels are not too many", () => {
  const body = Buffer.concat([Buffer.alloc(256, 0x91), bytes(0xc0)]);
  expect(valuesOf(body)).toEqual(NONE);
});

test("a value that breaks off is refused at its end, wherever", () => {
  const body = packr.pack(ENVELOPE);
  for (let length = 0; length < body.length; length++) {
    const scanner = new MsgpackScanner(NAMES, body.length);
    scanner.push(body.subarray(0, length));
    expect(scanner.isComplete).toBe(false);
    expect(() => scanner.end(), `after ${length} bytes`).toThrow(SyntaxError);
  }
});
