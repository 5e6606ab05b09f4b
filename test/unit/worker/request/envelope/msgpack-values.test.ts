import { isNativeAccelerationEnabled, Packr } from "msgpackr";
import { describe, expect, test } from "vitest";
import { decodeMsgpack } from "../../../../../src/worker/request/envelope/msgpack.js";

const packr = new Packr({ useRecords: false });

const bytes = (...values: readonly number[]): Buffer => Buffer.from(values);
/** A list or map of 32 bits of declared length. */
const head = (token: number, length: number): Buffer => {
  const buffer = Buffer.alloc(5);
  buffer[0] = token;
  buffer.writeUInt32BE(length, 1);
  return buffer;
};

describe("values of msgpack are those of JSON", () => {
  test.each<[string, Buffer, unknown]>([
    ["nil", bytes(0xc0), null],
    ["false", bytes(0xc2), false],
    ["true", bytes(0xc3), true],
    ["small integers", bytes(0x92, 0x7f, 0xe0), [127, -32]],
    [
      "unsigned integers",
      bytes(0x93, 0xcc, 0xff, 0xcd, 1, 0, 0xce, 0xff, 0xff, 0xff, 0xff),
      [255, 256, 2 ** 32 - 1],
    ],
    [
      "signed integers",
      bytes(0x93, 0xd0, 0x80, 0xd1, 0x80, 0, 0xd2, 0x80, 0, 0, 0),
      [-128, -32768, -(2 ** 31)],
    ],
    ["a small integer written in 64 bits", bytes(0xcf, 0, 0, 0, 0, 0, 0, 0, 5), 5],
    ["a small negative integer written in 64 bits", bytes(0xd3, 255, 255, 255, 255, 255, 255, 255, 255), -1],
    [
      "floats",
      bytes(0x92, 0xca, 0x3f, 0xc0, 0, 0, 0xcb, 0x3f, 0xb9, 0x99, 0x99, 0x99, 0x99, 0x99, 0x9a),
      [1.5, 0.1],
    ],
    ["empty ones", bytes(0x94, 0xa0, 0x90, 0x80, 0xd9, 0), ["", [], {}, ""]],
    ["an empty map of 32 bits", head(0xdf, 0), {}],
    ["a map", bytes(0x82, 0xa1, 0x61, 1, 0xa1, 0x62, 0x91, 0xc0), { a: 1, b: [null] }],
    ["a map of 16 bits in a list of 16 bits", bytes(0xdc, 0, 1, 0xde, 0, 1, 0xd9, 1, 0x61, 2), [{ a: 2 }]],
    [
      "characters of every width",
      packr.pack("a\u00e9\u20ac\u{1f600}\ufeff\0"),
      "a\u00e9\u20ac\u{1f600}\ufeff\0",
    ],
  ])("%s", (_, body, value) => {
    expect(decodeMsgpack(body)).toStrictEqual(value);
  });

  test.each([0, 1, 15, 16, 31, 32, 33, 63, 64, 65, 139, 140, 255, 256, 65_535, 65_536, 1_000_000])(
    "strings of %d characters, in and beyond ASCII, as keys too",
    (length) => {
      for (const text of ["x".repeat(length), "ü€😀".repeat(length)]) {
        const value = { [text]: text, list: [text, 1, text] };
        expect(decodeMsgpack(packr.pack(value))).toStrictEqual(value);
      }
    },
  );
});

// The decoder's own JavaScript, which it falls back to, takes the mark off strings of more than 64 bytes.
test.skipIf(!isNativeAccelerationEnabled)("a byte order mark in front of a long string stays", () => {
  const text = `\ufeff${"x".repeat(100)}`;
  expect(decodeMsgpack(packr.pack([text]))).toStrictEqual([text]);
});

describe("integers", () => {
  test.each([
    [2 ** 53 - 1, 2n ** 53n - 1n],
    [-(2 ** 53) + 1, -(2n ** 53n) + 1n],
    [2n ** 53n, 2n ** 53n],
    [-(2n ** 53n), -(2n ** 53n)],
    [2n ** 53n + 1n, 2n ** 53n + 1n],
    [2n ** 64n - 1n, 2n ** 64n - 1n],
    [-(2n ** 63n), -(2n ** 63n)],
  ])("beyond 2^53 are bigints, others are not: %s", (value, written) => {
    expect(decodeMsgpack(packr.pack(written))).toBe(value);
    expect(decodeMsgpack(packr.pack({ a: [written] }))).toStrictEqual({ a: [value] });
  });
});

describe("bytes", () => {
  test.each([0, 1, 255, 256, 65_535, 65_536])("are Buffers: %d of them", (length) => {
    const value = Buffer.alloc(length, 0xff);
    const decoded = decodeMsgpack(packr.pack({ value }));
    expect(decoded).toStrictEqual({ value });
    expect(Buffer.isBuffer((decoded as { value: unknown }).value)).toBe(true);
  });

  test("do not change with the buffer that they came in, nor hold it", () => {
    const body = packr.pack([Buffer.from("first"), "x".repeat(1000)]);
    const [first] = decodeMsgpack(body) as [Buffer];
    body.fill(0);
    expect(first.toString()).toBe("first");
    expect(first.buffer.byteLength).toBeLessThan(1000);
  });
});

describe("maps are the objects that JSON.parse makes", () => {
  test("with __proto__ as a key of their own", () => {
    const decoded = decodeMsgpack(
      bytes(0x81, 0xa9, ...Buffer.from("__proto__"), 0x81, 0xa5, ...Buffer.from("admin"), 0xc3),
    );
    expect(decoded).toStrictEqual(JSON.parse('{"__proto__":{"admin":true}}'));
    expect(Object.keys(decoded as object)).toEqual(["__proto__"]);
    expect(Object.getPrototypeOf(decoded)).toBe(Object.prototype);
    expect((decoded as { admin?: boolean }).admin).toBeUndefined();
  });

  test("of several values of a key, the last one counts, in the place of the first", () => {
    const decoded = decodeMsgpack(bytes(0x83, 0xa1, 0x61, 1, 0xa1, 0x62, 2, 0xa1, 0x61, 3));
    expect(JSON.stringify(decoded)).toBe(JSON.stringify(JSON.parse('{"a":1,"b":2,"a":3}')));
  });

  test("in their order on the wire", () => {
    const value = { z: 1, a: 2, constructor: 3, toString: 4, hasOwnProperty: 5 };
    expect(JSON.stringify(decodeMsgpack(packr.pack(value)))).toBe(JSON.stringify(value));
  });
});
