import { describe, expect, test } from "vitest";
import { checkJsonCost } from "../../src/http/json-cost.js";

const MEGABYTE = 1024 * 1024;

const listOf = (item: string, megabytes: number): Buffer =>
  Buffer.from(`[${`${item},`.repeat((megabytes * MEGABYTE) / (item.length + 1))}0]`);

describe("a text that would hurt the parser is refused in a moment", () => {
  test.each([
    ["empty objects", listOf("{}", 200)],
    ["empty lists", listOf("[]", 200)],
    ["lists in lists, without an end", Buffer.alloc(200 * MEGABYTE, "[")],
    ["names", Buffer.from(`{${'"a":0,'.repeat(5_000_000)}"a":0}`)],
    ["empty strings", listOf('""', 200)],
  ])("%s", (_, json) => {
    const begin = performance.now();
    expect(() => checkJsonCost(json)).toThrow(SyntaxError);
    // It takes a tenth of a second; parsed, it would take half a minute and some gigabytes.
    expect(performance.now() - begin).toBeLessThan(10_000);
  });
});

describe("what a model may be sent passes", () => {
  test.each([
    ["files as base64 text", listOf(`"${"A".repeat(20 * MEGABYTE - 3)}"`, 200)],
    ["a string with what would count outside of it", Buffer.from(`"${'{[,:\\"'.repeat(20 * MEGABYTE)}"`)],
    ["15 million numbers", listOf("0.123456", 128)],
    ["half a million records", listOf('{"id":1,"text":"hello","x":1.5,"y":2.5}', 20)],
    ["anything small", Buffer.alloc(MEGABYTE, "[")],
  ])("%s", (_, json) => {
    expect(() => checkJsonCost(json)).not.toThrow();
  });
});
