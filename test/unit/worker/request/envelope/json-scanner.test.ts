import { describe, expect, test } from "vitest";
import { JsonScanner } from "../../../../../src/worker/request/envelope/json-scanner.js";

const NAMES = ["auth_data", "payload", "session_id"];

/** The spans that count, as text; undefined where a name has none. */
function spansOf(json: string, size = Number.POSITIVE_INFINITY): readonly (string | undefined)[] {
  const body = Buffer.from(json);
  const scanner = new JsonScanner(NAMES);
  for (let start = 0; start < body.length; start += size) scanner.push(body.subarray(start, start + size));
  scanner.end();
  return NAMES.map((_, index) =>
    scanner.spans.startOf(index) < 0
      ? undefined
      : body.toString("utf8", scanner.spans.startOf(index), scanner.spans.endOf(index)),
  );
}

const ENVELOPE =
  ' \n{ "auth_data" : {"a":[1,{}],"payload":0} ,\t"payload":\r\n[ "}\\"" , -1.5e+3, true ] , "other\\n": 1,"session_id":null } \n';

describe("spans", () => {
  test.each<[string, string, readonly (string | undefined)[]]>([
    [
      "of objects, lists and literals",
      ENVELOPE,
      ['{"a":[1,{}],"payload":0}', '[ "}\\"" , -1.5e+3, true ]', "null"],
    ],
    ["of numbers and strings", '{"payload":12 ,"auth_data":"","session_id":-0}', ['""', "12", "-0"]],
    ["none", "{}", [undefined, undefined, undefined]],
    [
      "none inside of other values",
      '{"a":{"payload":1},"b":[{"payload":2}]}',
      [undefined, undefined, undefined],
    ],
    ["none in a list", '["payload",{"payload":1}]', [undefined, undefined, undefined]],
    ["none in a string", '"payload"', [undefined, undefined, undefined]],
    ["of names with escapes", '{"auth\\u005Fdata":1,"\\u0070ayload":2}', ["1", "2", undefined]],
    ["of the last of several", '{"payload":1,"payload":{},"pay\\u006coad":3}', [undefined, "3", undefined]],
    [
      "none of other names",
      '{"payloads":1,"payloa":2,"pay\\/load":3,"Payload":4,"":5,"pay\\u016coad":6,"päyload":7}',
      [undefined, undefined, undefined],
    ],
  ])("%s", (_, json, spans) => {
    expect(spansOf(json)).toEqual(spans);
    for (let size = 1; size < 12; size++) expect(spansOf(json, size)).toEqual(spans);
  });

  test("of any name, __proto__ too", () => {
    const scanner = new JsonScanner(["__proto__"]);
    scanner.push(Buffer.from('{"__proto__":[]}'));
    expect([scanner.spans.startOf(0), scanner.spans.endOf(0)]).toEqual([13, 15]);
  });

  test("begin and end with the byte that shows it", () => {
    const scanner = new JsonScanner(["payload"]);
    const seen: unknown[] = [];
    for (const character of '{"payload":{},"payload":12}') {
      scanner.push(Buffer.from(character));
      seen.push([scanner.spans.startOf(0), scanner.spans.endOf(0), scanner.isComplete].join());
    }
    expect(seen.slice(10)).toEqual([
      "-1,-1,false", // :
      "11,-1,false", // {
      "11,13,false", // }
      ...Array.from({ length: 11 }, () => "11,13,false"),
      "24,-1,false", // 1
      "24,-1,false", // 2
      "24,26,true", // }
    ]);
  });

  test("are counted over all pieces, and anew after a reset, also after a refusal", () => {
    const scanner = new JsonScanner(["a"]);
    expect(() => scanner.push(Buffer.from('{"a":{"b":01'))).toThrow(SyntaxError);
    expect(() => scanner.push(Buffer.from(" "))).toThrow(SyntaxError);
    expect(() => scanner.end()).toThrow(SyntaxError);
    scanner.reset();
    expect([scanner.spans.startOf(0), scanner.spans.endOf(0)]).toEqual([-1, -1]);
    for (const piece of ['{"a"', "", ":[", '"ü"]', "}"]) scanner.push(Buffer.from(piece));
    scanner.end();
    expect([scanner.spans.startOf(0), scanner.spans.endOf(0)]).toEqual([5, 11]);
  });

  test("names are ASCII, and eight at most", () => {
    expect(() => new JsonScanner(["ü"])).toThrow(RangeError);
    expect(() => new JsonScanner([""])).toThrow(RangeError);
    expect(() => new JsonScanner([..."abcdefghi"])).toThrow(RangeError);
    const eight = new JsonScanner([..."abcdefgh"]);
    eight.push(Buffer.from('{"h":1}'));
    expect([eight.spans.startOf(7), eight.spans.endOf(7), eight.spans.startOf(6)]).toEqual([5, 6, -1]);
  });
});

describe("a text that cannot become JSON is refused with the byte that shows it", () => {
  test.each([
    ["another value", "1 1"],
    ["something behind the object", "{}x"],
    ["a comma behind the object", "{},"],
    ["a comma without a value before", "[,"],
    ["a comma at the end of a list", "[1,]"],
    ["a comma at the end of an object", '{"a":1,}'],
    ["no comma between values", '["a" "'],
    ["a name without a value", '{"a"}'],
    ["a name that is no string", "{1"],
    ["a name that is a word", "{a"],
    ["a colon in a list", '["a":'],
    ["a list that ends as an object", "[}"],
    ["an object that ends as a list", "{]"],
    ["the end of nothing", "]"],
    ["a leading zero", "01"],
    ["a minus alone", "- "],
    ["a plus", "+"],
    ["a point without digits before", "."],
    ["a point without digits behind", "[1.]"],
    ["an exponent without digits", "[1e]"],
    ["a sign without digits", "1e+ "],
    ["two points", "1.5."],
    ["a hexadecimal number", "0x"],
    ["NaN", "N"],
    ["Infinity", "-I"],
    ["a word that is none", "trux"],
    ["a literal with more letters", "truee"],
    ["a word in capitals", "T"],
    ["single quotes", "'"],
    ["an escape that is none", '"\\x'],
    ["an escape with too few digits", '"\\u12"'],
    ["a line break in a string", '"a\n'],
    ["a NUL in a string", '"a\0'],
    ["the last control character in a long string", `"${"A".repeat(500)}\x1f`],
    ["a comment", "/"],
    ["a blank that JSON does not have", "\v"],
    ["a NUL outside of strings", "[\0"],
    ["a byte order mark", "\ufeff"],
    ["a letter behind a number", "1a"],
  ])("%s", (_, json) => {
    const body = Buffer.from(json);
    const scanner = new JsonScanner(NAMES);
    const certain = json === "\ufeff" ? 1 : body.length;
    scanner.push(body.subarray(0, certain - 1));
    expect(() => scanner.push(body.subarray(certain - 1, certain))).toThrow(SyntaxError);
    expect(() => JSON.parse(body.toString())).toThrow(SyntaxError);
  });

  test.each<[string, readonly number[]]>([
    ["a byte that begins no character", [0x80]],
    ["an overlong character", [0xc0, 0x80]],
    ["half of a surrogate pair", [0xed, 0xa0, 0x80]],
    ["a character beyond the last", [0xf4, 0x90, 0x80, 0x80]],
    ["a character that breaks off", [0xe2, 0x82]],
  ])("%s in a string", (_, bytes) => {
    for (const text of ["", "A".repeat(100), "ü".repeat(100)]) {
      const json = Buffer.concat([Buffer.from(`{"${text}`), Buffer.from(bytes), Buffer.from('":1}')]);
      for (let cut = 0; cut <= json.length; cut++) {
        const scanner = new JsonScanner(NAMES);
        expect(() => {
          scanner.push(json.subarray(0, cut));
          scanner.push(json.subarray(cut));
        }).toThrow(SyntaxError);
      }
    }
  });
});

test("a text that breaks off is refused at its end, wherever", () => {
  for (let length = 0; length < ENVELOPE.trimEnd().length; length++) {
    const scanner = new JsonScanner(NAMES);
    scanner.push(Buffer.from(ENVELOPE.slice(0, length)));
    expect(scanner.isComplete).toBe(false);
    expect(() => scanner.end(), `after ${length} characters`).toThrow(SyntaxError);
  }
});

test.each(["0", "-0", "1", "1.5", "1e5", "1E-5", "0.0e+00", "true", '""', "[]", "{}"])(
  "%s is a text",
  (json) => {
    expect(spansOf(json)).toEqual([undefined, undefined, undefined]);
    expect(spansOf(` ${json}\n`, 1)).toEqual([undefined, undefined, undefined]);
  },
);

test("levels of lists and objects may be many", () => {
  const depth = 1_000_000;
  const scanner = new JsonScanner(["a"]);
  scanner.push(Buffer.from(`{"a":${'[{"":'.repeat(depth / 2)}0`));
  scanner.push(Buffer.from(`${"}]".repeat(depth / 2)}}`));
  scanner.end();
  expect(scanner.spans.endOf(0)).toBe(5 + 3.5 * depth + 1);
});

describe("a text with more values than a process can hold is refused", () => {
  test.each([
    ["empty objects", "{},"],
    ["empty lists", "[],"],
    ["open lists", "["],
    ["names", '{"":'],
    ["empty strings", '"",'],
    ["numbers", "0,"],
  ])("%s", (_, item) => {
    const scanner = new JsonScanner(NAMES);
    const piece = Buffer.from(item.repeat(200_000));
    scanner.push(Buffer.from("["));
    let values = 0;
    expect(() => {
      for (; values < 100_000_000; values += 200_000) scanner.push(piece);
    }).toThrow(SyntaxError);
    expect(values).toBeGreaterThan(1_000_000);
    expect(values).toBeLessThan(40_000_000);
  });

  test("but not one whose strings hold what would count outside of them", () => {
    const scanner = new JsonScanner(NAMES);
    const piece = Buffer.from('{[,:\\"'.repeat(100_000));
    scanner.push(Buffer.from('"'));
    for (let round = 0; round < 100; round++) scanner.push(piece);
    scanner.push(Buffer.from('"'));
    scanner.end();
  });
});
