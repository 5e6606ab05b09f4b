import { Packr } from "msgpackr";
import { describe, expect, test } from "vitest";
import { decodeMsgpack } from "../../../../../src/worker/request/envelope/msgpack.js";

const packr = new Packr({ useRecords: false });
const bytes = (...values: readonly number[]): Buffer => Buffer.from(values);

describe("msgpack is refused", () => {
  test.each<[string, Buffer]>([
    ["nothing", bytes()],
    ["the byte that is never used", bytes(0xc1)],
    ["a second value", bytes(0x01, 0x02)],
    ["something behind a map", bytes(0x80, 0xc0)],
    ["a key that is a number", bytes(0x81, 0x01, 0x02)],
    ["a key that is nil", bytes(0x81, 0xc0, 0x02)],
    ["a key that is bytes", bytes(0x81, 0xc4, 1, 0x61, 0x02)],
    ["a key that is a list", bytes(0x81, 0x90, 0x02)],
    ["a second key that is a number", bytes(0x82, 0xa1, 0x61, 0x01, 0x02, 0x03)],
    ["NaN", packr.pack(Number.NaN)],
    ["an infinity", packr.pack({ a: [Number.NEGATIVE_INFINITY] })],
    ["an infinity of 32 bits", bytes(0xca, 0x7f, 0x80, 0, 0)],
    ["a string that is not UTF-8", bytes(0xa2, 0xc3, 0x28)],
    ["a key that is not UTF-8", bytes(0x81, 0xa1, 0xff, 0x01)],
    ["a string that ends within a character", bytes(0xa1, 0xc3)],
    ["half of a surrogate pair", bytes(0xa3, 0xed, 0xa0, 0x80)],
    ["an overlong character", bytes(0xa2, 0xc0, 0x80)],
    [
      "a long string that is not UTF-8",
      Buffer.concat([bytes(0xd9, 100), Buffer.alloc(99, 0x61), bytes(0xff)]),
    ],
  ])("%s", (_, body) => {
    expect(() => decodeMsgpack(body)).toThrow(SyntaxError);
  });

  test.each([0xc7, 0xc8, 0xc9, 0xd4, 0xd5, 0xd6, 0xd7, 0xd8])("an extension: 0x%x", (token) => {
    for (let type = 0; type < 256; type++) {
      const body = Buffer.alloc(30, type);
      body[0] = token;
      expect(() => decodeMsgpack(body)).toThrow(SyntaxError);
      expect(() => decodeMsgpack(Buffer.concat([bytes(0x91), body]))).toThrow(SyntaxError);
    }
  });

  const extended = new Packr({ useRecords: false, moreTypes: true, structuredClone: true });
  const shared = { a: 1 };
  test.each<[string, Buffer]>([
    ["a timestamp", packr.pack(new Date())],
    ["a set", extended.pack(new Set([1]))],
    ["a regular expression", extended.pack(/a/)],
    ["an error", extended.pack(new Error("no"))],
    ["a typed array", extended.pack(new Float32Array([1]))],
    ["an object that is referred to twice", extended.pack([shared, shared])],
    ["a bigint of more than 64 bits", new Packr({ useBigIntExtension: true }).pack(2n ** 80n)],
    ["a record", new Packr({ useRecords: true }).pack([{ a: 1 }, { a: 2 }])],
    ["bundled strings", new Packr({ bundleStrings: true }).pack({ a: "a string", b: "another" })],
  ])("%s, which only this library writes so", (_, body) => {
    expect(() => decodeMsgpack(body)).toThrow(SyntaxError);
  });

  test("when it breaks off, wherever", () => {
    const body = packr.pack({
      text: "ü".repeat(100),
      bytes: Buffer.alloc(300),
      list: [1, -1, 300, -300, 1e5, -1e5, 2n ** 60n, 1.5, null, true],
      map: { a: {}, b: { c: [[]] } },
    });
    expect(() => decodeMsgpack(body)).not.toThrow();
    for (let length = 0; length < body.length; length++) {
      expect(() => decodeMsgpack(body.subarray(0, length)), `of ${length} bytes`).toThrow(SyntaxError);
    }
  });

  test("and a good value is decoded after that", () => {
    expect(() => decodeMsgpack(bytes(0x92, 0xa1, 0x61))).toThrow(SyntaxError);
    expect(decodeMsgpack(bytes(0x91, 0xa1, 0x61))).toEqual(["a"]);
  });
});
