import { Unpackr } from "msgpackr";
import { expect, test } from "vitest";
import { decodeValue } from "../../../../src/deployment/values/decode.js";
import { encodeValue } from "../../../../src/deployment/values/encode.js";
import { MAX_BYTES, MAX_DEPTH } from "../../../../src/deployment/values/value-format.js";

const again = (value: unknown): unknown => decodeValue(encodeValue(value, "value"));

test("what JSON has is plain msgpack", () => {
  const value = {
    list: [1, -5, 2 ** 40, 1.5, true, false, null],
    text: "é",
    long: Array.from({ length: 20 }, (_, i) => i),
  };
  expect(new Unpackr({ useRecords: false }).unpack(encodeValue(value, "value"))).toEqual(value);
});

test.each([
  [new Int8Array([-1])],
  [new Uint8ClampedArray([255])],
  [new Int16Array([-300])],
  [new Uint16Array([300])],
  [new Int32Array([-70_000])],
  [new Uint32Array([4_000_000_000])],
  [new Float64Array([Math.PI])],
  [new BigInt64Array([-1n])],
  [new ArrayBuffer(3)],
  [new DataView(new ArrayBuffer(2))],
  [new Float64Array(new ArrayBuffer(24), 8, 1)],
])("a binary value keeps its type: %o", (value) => {
  expect(again(value)).toStrictEqual(value);
});

test("an invalid date, an aggregate error and an error of a class without a name survive", () => {
  expect(again(new Date(Number.NaN))).toStrictEqual(new Date(Number.NaN));
  const error = again(new AggregateError([new RangeError("one")], "all")) as AggregateError;
  expect(error).toBeInstanceOf(AggregateError);
  expect(error.errors[0]).toBeInstanceOf(RangeError);
  expect(again(Object.assign(new Error("m"), { code: "E_CODE", path: ["a"] }))).toMatchObject({
    code: "E_CODE",
    path: ["a"],
  });
});

test("a value that two places share is sent twice, one that contains itself not at all", () => {
  const shared = { a: 1 };
  expect(again([shared, shared])).toEqual([shared, shared]);
  const error = new Error("outer");
  error.cause = error;
  expect(() => encodeValue(error, "value")).toThrow(
    "value, at cause: expected a value that can be sent, got a value that contains itself",
  );
});

test.each([
  [Symbol("s"), "a symbol"],
  [function named() {}, "a function (named)"],
  [Promise.resolve(), "a promise: await it first"],
  [/x/, "an instance of the class RegExp: pass a plain object instead"],
  [new URL("http://a.b"), "an instance of the class URL: pass a plain object instead"],
])("%o is refused by name", (value, got) => {
  const place = 'argument 2 of f, at options.get("k")[0]';
  expect(() => encodeValue({ options: new Map([["k", [value]]]) }, "argument 2 of f")).toThrow(
    new TypeError(`${place}: expected a value that can be sent, got ${got}`),
  );
});

test("levels and bytes are limited", () => {
  const nested = (levels: number): unknown => {
    let value: unknown = 1;
    for (let level = 0; level < levels; level += 1) value = [value];
    return value;
  };
  expect(again(nested(MAX_DEPTH))).toEqual(nested(MAX_DEPTH));
  expect(() => encodeValue(nested(MAX_DEPTH + 1), "value")).toThrow("more than 200 levels");
  expect(() => encodeValue(new Uint8Array(MAX_BYTES), "value")).toThrow("got more than 64 MiB");
});

test("bytes that are no encoded value are refused, whatever they announce", () => {
  const hostile = [
    "",
    "c1",
    "ddffffffff",
    "dfffffffff",
    "c6ffffffff",
    "dbffffffff",
    "c9ffffffff05",
    "c90000000105",
    "c90000000009",
    "c900000001052d",
    "c90000000303010203",
    "c9000000030707ff00",
    "c90000000107ff",
    "c90000000106c0",
    "8101c0",
    "a161",
    "db00000001ff",
    "0101",
    `${"91".repeat(1000)}01`,
  ];
  for (const hex of hostile) {
    expect(() => decodeValue(Buffer.from(hex, "hex")), hex).toThrow(/expected an encoded value, got/);
  }
});
