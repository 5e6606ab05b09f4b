import { describe, expect, test } from "vitest";
import { jsonText } from "../../../src/shared/json-text.js";

describe("JSON text", () => {
  test.each([
    ["text", 'a"b\\\n\u2028\ud800'],
    ["numbers", [0, -0, 1.5, 1e21, 1e-7, Number.NaN, Number.POSITIVE_INFINITY]],
    ["what has no text", { a: undefined, b: () => 1, c: Symbol("c"), d: [undefined, () => 1] }],
    ["dates", { at: new Date(0), list: [new Date(1)] }],
    ["nesting", { a: { b: [{ c: null }, [], {}] } }],
    ["the key __proto__", JSON.parse('{"__proto__":{"a":1},"b":2}')],
    ["an odd key", { 'a"\n': 1, 2: 2 }],
    ["a list with holes", new Array(3)],
  ])("is that of JSON.stringify: %s", (_, value) => {
    expect(jsonText(value)).toBe(JSON.stringify(value));
    // Beside a bigint everything is written in the other way, which has to agree.
    expect(jsonText([1n, value])).toBe(JSON.stringify([1, value]));
    expect(jsonText({ seed: 1n, value })).toBe(JSON.stringify({ seed: 1, value }));
  });

  test("has bigints with all their digits", () => {
    expect(jsonText({ a: 2n ** 64n, b: [-1n] })).toBe('{"a":18446744073709551616,"b":[-1]}');
  });

  test("has bytes as base64 text", () => {
    const bytes = Buffer.from("a longer text");
    expect(jsonText([Buffer.alloc(0), bytes, new Uint8Array([255, 254]), bytes.subarray(2, 4)])).toBe(
      '["","YSBsb25nZXIgdGV4dA==","//4=","bG8="]',
    );
  });

  test("may have the same object in several places", () => {
    const same = { seed: 1n };
    expect(jsonText([same, same, { same }])).toBe('[{"seed":1},{"seed":1},{"same":{"seed":1}}]');
  });

  test("is refused for a circle, wherever it is", () => {
    const circle: unknown[] = [];
    circle.push({ circle });
    expect(() => jsonText(circle)).toThrow(TypeError);
    expect(() => jsonText([1n, circle])).toThrow(TypeError);
  });

  test.each([[undefined], [() => 1], [Symbol("s")]])("is refused for %s", (value) => {
    expect(() => jsonText(value)).toThrow(TypeError);
  });

  test("is refused for what is nested too deeply, and for bytes that fit into no string", () => {
    let deep: unknown = 1n;
    for (let level = 0; level < 100_000; level++) deep = [deep];
    expect(() => jsonText(deep)).toThrow(RangeError);
    expect(() => jsonText([Buffer.alloc(420_000_000)])).toThrow(RangeError);
  });
});
