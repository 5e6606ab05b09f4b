import { describe, expect, test } from "vitest";
import { payloadBytes } from "../../src/http/payload-bytes.js";
import { seededRandom } from "../machines/support/seeded-random.js";

const payloadOf = (json: string): string | undefined => payloadBytes(Buffer.from(json))?.toString();

describe("the payload's bytes are the client's own", () => {
  test.each([
    ["an object", '{"a":1}'],
    ["an empty object", "{}"],
    ["integers beyond 2^53", '{"seed":12345678901234567890123}'],
    ["numbers as they were written", '{"a":1.0,"b":1e5,"c":-0,"d":0.10}'],
    ["the order and the repetition of keys", '{"b":1,"a":2,"10":3,"9":4,"b":5}'],
    ["__proto__", '{"__proto__":{"a":1},"constructor":2}'],
    ["whitespace", '{\n\t "a" : [ 1 ,\r\n 2 ] }'],
    ["braces and brackets inside of strings", '{"a":"}]{[","b":"\\"}"}'],
    ["a key named payload inside", '{"payload":{"payload":1}}'],
    ["nested objects and lists", '{"a":[{"b":[[],{}]},{"c":{"d":{}}}]}'],
    ["escapes in keys and values", '{"a\\"b\\\\":"c\\u0041\\n\\\\"}'],
    ["characters beyond ASCII", '{"ключ":"значение 😀"}'],
    ["a string", '"text, with } and \\""'],
    ["an empty string", '""'],
    ["a list", "[1,[2,3],{}]"],
    ["a number", "-12.5e+3"],
    ["true", "true"],
    ["false", "false"],
    ["null", "null"],
  ])("%s", (_, payload) => {
    const around = [
      `{"payload":${payload}}`,
      `{"auth_data":{"payload":1},"payload":${payload},"session_id":null}`,
      ` \n{ "auth_data" : "payload" ,\t"payload" :\r\n ${payload} , "last" : [] } \n`,
    ];
    expect(around.map(payloadOf)).toEqual([payload, payload, payload]);
  });

  test("whatever other values are around", () => {
    for (const other of [
      '"x"',
      '"\\""',
      '"\\\\"',
      "1",
      "-0.5",
      "true",
      "null",
      "[]",
      '[{"a":"]"}]',
      '{"}":{}}',
    ]) {
      expect(payloadOf(`{"before":${other},"payload":{"a":1},"after":${other}}`)).toBe('{"a":1}');
    }
  });

  test("as a view on the body, without a copy", () => {
    const body = Buffer.from('{"payload":{"a":1}}');
    expect(payloadBytes(body)?.buffer).toBe(body.buffer);
  });
});

describe("the key", () => {
  test.each(['"payload"', '"pay\\u006coad"', '"\\u0070\\u0061\\u0079\\u006C\\u006f\\u0061\\u0064"'])(
    "may be written as %s",
    (key) => {
      expect(payloadOf(`{${key}:{"a":1}}`)).toBe('{"a":1}');
    },
  );

  test.each(['"Payload"', '"payload "', '"payloa"', '"\\\\payload"', '"pay\\\\u006coad"', '"data"', '""'])(
    "is not %s",
    (key) => {
      expect(payloadOf(`{${key}:{"a":1}}`)).toBeUndefined();
    },
  );

  test("counts at the top only", () => {
    expect(payloadOf('{"auth_data":{"payload":1},"list":[{"payload":2}]}')).toBeUndefined();
  });

  test("counts where it stands last when it is repeated, in whatever spelling", () => {
    expect(payloadOf('{"payload":1,"pay\\u006coad":2,"x":0,"payload":3,"y":0}')).toBe("3");
    expect(payloadOf('{"payload":1,"payload":2,"pay\\u006coad":{"a":3}}')).toBe('{"a":3}');
  });

  test("may be missing", () => {
    expect(payloadOf("{}")).toBeUndefined();
    expect(payloadOf(" { } ")).toBeUndefined();
  });
});

// Strings longer than 64 bytes are searched in another way, so each way has to end well at every length around it.
describe("a string of any length ends where it ends", () => {
  const tails = ["", "\\\\", '\\"', '\\\\\\"', "\\\\\\\\", '\\"\\"', '\\\\\\\\\\"', "\\u005c", "\\u0022"];

  test.each(tails)("with %j before its closing quote", (tail) => {
    for (let length = 0; length <= 140; length++) {
      const text = `"${"x".repeat(length)}${tail}"`;
      expect(JSON.parse(text)).toHaveLength(length + JSON.parse(`"${tail}"`).length);
      expect(payloadOf(`{"a":${text},"payload":${text},"b":"}"}`)).toBe(text);
      expect(payloadOf(`{${text}:1,"payload":{${text}:${text}}}`)).toBe(`{${text}:${text}}`);
    }
  });

  test("with a run of backslashes anywhere", () => {
    for (let before = 0; before <= 70; before++) {
      for (let pairs = 0; pairs <= 6; pairs++) {
        const text = `"${"x".repeat(before)}${"\\\\".repeat(pairs)}\\"${"y".repeat(70)}"`;
        expect(payloadOf(`{"payload":${text},"b":"\\""}`)).toBe(text);
      }
    }
  });

  test("with escaped quotes all over", () => {
    const text = `"${'\\"'.repeat(500)}"`;
    expect(payloadOf(`{"payload":[${text},{}],"b":1}`)).toBe(`[${text},{}]`);
  });
});

/** A random JSON value as text, written in the ways that JSON allows. */
function randomJson(random: ReturnType<typeof seededRandom>, depth: number): string {
  const space = (): string => random.pick(["", "", "", " ", "\n", "\t", "\r\n "]);
  const text = (): string => {
    const pieces = [
      "a",
      "payload",
      "}",
      "{",
      "]",
      "[",
      ",",
      ":",
      "é",
      "😀",
      "\\n",
      '\\"',
      "\\\\",
      "\\u0022",
      "\\/",
      "x".repeat(50),
    ];
    return `"${Array.from({ length: random.below(6) }, () => random.pick(pieces)).join("")}"`;
  };
  const list = (value: () => string): string => Array.from({ length: random.below(5) }, value).join(",");
  switch (random.below(depth > 0 ? 9 : 5)) {
    case 0:
      return text();
    case 1:
      return random.pick(["0", "-1", "12.5", "1e3", "-2.5E-3", "123456789"]);
    case 2:
      return random.pick(["true", "false", "null"]);
    case 3:
      return "{}";
    case 4:
      return "[]";
    case 5:
    case 6:
      return `[${list(() => space() + randomJson(random, depth - 1) + space())}]`;
    default:
      return `{${list(() => `${space()}${text()}${space()}:${space()}${randomJson(random, depth - 1)}${space()}`)}}`;
  }
}

test("of any JSON object, the payload's bytes read as JSON.parse reads them", () => {
  const random = seededRandom(7);
  let found = 0;
  for (let round = 0; round < 5000; round++) {
    const keys = Array.from({ length: random.below(5) }, () =>
      random.pick(['"payload"', '"pay\\u006coad"', '"auth_data"', '"a\\"b"', '"}"', '"session_id"']),
    );
    const json = `{${keys.map((key) => `${key}: ${randomJson(random, 4)}`).join(" ,")}}`;
    const whole: { payload?: unknown } = JSON.parse(json);
    const slice = payloadOf(json);
    if (slice !== undefined) found++;
    expect(slice === undefined ? undefined : JSON.parse(slice), json).toEqual(whole.payload);
    expect(slice === undefined, json).toBe(!("payload" in whole));
  }
  expect(found).toBeGreaterThan(1000);
});
