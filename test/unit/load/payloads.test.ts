import { describe, expect, test } from "vitest";
import { payloadOrder, payloadsIn, readPayloads, workloadOf } from "../../../src/load/payloads.js";

describe("payloads are", () => {
  test.each([
    ["one object", '{"prompt": "a"}', [{ prompt: "a" }]],
    ["one object over several lines", '{\n  "prompt": "a"\n}\n', [{ prompt: "a" }]],
    ["an array of objects", '[{"n": 1}, {"n": 2}]', [{ n: 1 }, { n: 2 }]],
    ["an object per line, with empty lines between", '{"n": 1}\n\n{"n": 2}\n', [{ n: 1 }, { n: 2 }]],
  ])("%s", (_, text, payloads) => {
    expect(payloadsIn(text, "p.json")).toEqual(payloads);
  });
});

describe("an error has its position:", () => {
  test.each([
    ["nothing in it", "\n", "p.json has no payload"],
    ["an empty array", "[]", "p.json has no payload"],
    ["no JSON", "prompt: a", "p.json, line 1: not JSON:"],
    ["a line that is not JSON", '{"n": 1}\n{"n": \n', "p.json, line 2: not JSON:"],
    ["no object", "7", "p.json: expected a JSON object, got 7"],
    ["no object among others", '[{"n": 1}, "x"]', 'p.json, payload 2: expected a JSON object, got "x"'],
  ])("%s", (_, text, message) => {
    expect(() => payloadsIn(text, "p.json")).toThrow(message);
  });

  test("no file", async () => {
    await expect(readPayloads("/nowhere/p.json")).rejects.toMatchObject({
      code: "CONFIG_INVALID",
      message: expect.stringContaining("cannot read the payload: ENOENT"),
    });
  });
});

test("payloads come in turn", () => {
  const next = payloadOrder("turn", 3, 1);
  expect(Array.from({ length: 7 }, next)).toEqual([0, 1, 2, 0, 1, 2, 0]);
});

test("payloads are drawn alike with the same seed, and each as often as any other", () => {
  const drawn = (seed: number): readonly number[] => {
    const next = payloadOrder("random", 4, seed);
    return Array.from({ length: 4000 }, next);
  };
  expect(drawn(7)).toEqual(drawn(7));
  expect(drawn(7)).not.toEqual(drawn(8));
  for (const each of [0, 1, 2, 3]) {
    const times = drawn(7).filter((index) => index === each).length;
    expect(times).toBeGreaterThan(900);
    expect(times).toBeLessThan(1100);
  }
});

test("the workload of a payload is what it may generate, or 100", () => {
  expect(workloadOf({ max_tokens: 32 })).toBe(32);
  expect(workloadOf({ max_tokens: "many" })).toBe(100);
  expect(workloadOf({})).toBe(100);
});
