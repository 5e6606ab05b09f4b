import { describe, expect, test } from "vitest";
import { createActor } from "xstate";
import { keyMachine } from "../../../../machines/key.js";
import { safeValue as safe } from "../../../../src/inspector/recorder/safe-value.js";

const safeValue = (value: unknown) => safe(value).value;

describe("what JSON can hold", () => {
  test.each([null, true, 0, -1.5, "text", [1, [2]], { a: { b: "c" } }])("stays as it is: %j", (value) => {
    expect(safeValue(value)).toEqual(value);
  });

  test("has no fields that are undefined", () => {
    expect(safeValue({ a: undefined, b: 1 })).toEqual({ b: 1 });
  });
});

describe("what JSON cannot hold is described as text", () => {
  test.each([
    [7n, "7n"],
    [Number.NaN, "NaN"],
    [Number.POSITIVE_INFINITY, "Infinity"],
    [undefined, "[undefined]"],
    [Symbol("s"), "[symbol]"],
    [() => 1, "[function]"],
    [Buffer.alloc(32), "[Buffer, 32 bytes]"],
    [new Uint8Array(1), "[Uint8Array, 1 byte]"],
    [new Date(0), "1970-01-01T00:00:00.000Z"],
    [new Date(Number.NaN), "[invalid date]"],
    [/x/g, "/x/g"],
    [new URL("http://a/b"), "http://a/b"],
    [Promise.resolve(), "[promise]"],
  ])("%s", (value, words) => {
    expect(safeValue(value)).toBe(words);
    expect(safeValue({ value })).toEqual(value === undefined ? {} : { value: words });
  });

  test("an actor", () => {
    const actor = createActor(keyMachine, { id: "key", input: { worker: { send: () => {} } } as never });
    expect(safeValue({ actor })).toEqual({ actor: "[actor key]" });
  });

  test("maps and sets become objects and lists", () => {
    expect(
      safeValue(
        new Map<unknown, unknown>([
          ["a", 1],
          [2, new Set(["x"])],
        ]),
      ),
    ).toEqual({ a: 1, 2: ["x"] });
  });

  test("an error, with its causes", () => {
    const error = new TypeError("outer", { cause: new Error("inner") });
    expect(safeValue(error)).toMatchObject({
      name: "TypeError",
      message: "outer",
      stack: expect.stringContaining("TypeError: outer"),
      cause: { name: "Error", message: "inner" },
    });
  });
});

describe("what is too large is cut off and marked", () => {
  test("text", () => {
    expect(safeValue("x".repeat(5000))).toBe(`${"x".repeat(1000)}… (5000 characters)`);
  });

  test("lists, objects, maps and sets", () => {
    const many = Array.from({ length: 70 }, (_, n) => n);
    expect(safeValue(many)).toEqual([...many.slice(0, 50), "[20 more]"]);
    expect(safeValue(new Set(many))).toEqual([...many.slice(0, 50), "[20 more]"]);
    const fields = Object.fromEntries(many.map((n) => [`k${n}`, n]));
    expect(Object.keys(safeValue(fields) as object)).toHaveLength(51);
    expect(safeValue(fields)).toMatchObject({ "[more]": "…" });
    expect(safeValue(new Map(Object.entries(fields)))).toMatchObject({ "[more]": "20 more" });
  });

  test("depth", () => {
    const deep = { a: { b: { c: { d: { e: { f: { g: 1 } } } } } } };
    expect(safeValue(deep)).toEqual({ a: { b: { c: { d: { e: { f: "[object]" } } } } } });
  });

  test("a million values, in little time and space", () => {
    const row = Array.from({ length: 100 }, () => "x".repeat(100));
    const table = Array.from({ length: 100 }, () => Array.from({ length: 100 }, () => row));
    expect(JSON.stringify(safeValue(table)).length).toBeLessThan(60_000);
  });

  test("text in all, which does not keep the whole text in memory", () => {
    const texts = Array.from({ length: 50 }, () => "x".repeat(100_000));
    const { value, size } = safe(texts);
    expect(JSON.stringify(value).length).toBeLessThan(20_000);
    expect((value as string[]).at(-1)).toBe("[cut off]");
    expect(size).toBeGreaterThan(16_000);
  });

  test("names", () => {
    const [name = ""] = Object.keys(safeValue({ ["k".repeat(5000)]: 1 }) as object);
    expect(name).toBe(`${"k".repeat(100)}… (5000 characters)`);
  });
});

test("cycles end, and what occurs twice without one occurs twice", () => {
  const cycle: Record<string, unknown> = { name: "a" };
  cycle.self = cycle;
  expect(safeValue(cycle)).toEqual({ name: "a", self: "[the same as above: a cycle]" });
  const twice = { x: 1 };
  expect(safeValue([twice, twice])).toEqual([{ x: 1 }, { x: 1 }]);
});

test("secrets are redacted by their names, and counts that sound alike are not", () => {
  expect(
    safeValue({
      mtoken: "a",
      masterToken: "b",
      api_key: "c",
      "X-Api-Key": "d",
      Authorization: "e",
      auth_data: { signature: "f", cost: 1 },
      password: { x: 1 },
      aws_secret_access_key: "g",
      private_key: "h",
      credentials: "i",
      jwt: "j",
      max_tokens: 128,
      keyHeld: true,
    }),
  ).toEqual({
    mtoken: "[redacted]",
    masterToken: "[redacted]",
    api_key: "[redacted]",
    "X-Api-Key": "[redacted]",
    Authorization: "[redacted]",
    auth_data: { signature: "[redacted]", cost: 1 },
    password: "[redacted]",
    aws_secret_access_key: "[redacted]",
    private_key: "[redacted]",
    credentials: "[redacted]",
    jwt: "[redacted]",
    max_tokens: 128,
    keyHeld: true,
  });
});

describe("values that throw when they are read do no harm", () => {
  test("a getter that throws", () => {
    const value = {
      get a(): number {
        throw new Error("no");
      },
      b: 1,
    };
    expect(safeValue(value)).toEqual({ a: "[cannot be read]", b: 1 });
  });

  test("a proxy that throws", () => {
    const value = new Proxy(
      {},
      {
        ownKeys: () => {
          throw new Error("no");
        },
      },
    );
    expect(safeValue(value)).toBe("[cannot be shown]");
  });

  test("a key that would become a prototype", () => {
    const safe = safeValue(JSON.parse('{"__proto__": {"polluted": 1}}'));
    expect(safe).toEqual({ "[__proto__]": { polluted: 1 } });
    expect(Reflect.get(safe as object, "polluted")).toBeUndefined();
  });
});
