import { describe, expect, test } from "vitest";
import { forwardedQuery } from "../../../../src/worker/request/client-query.js";

describe("of a client's query goes to the model", () => {
  test.each<[string, boolean | readonly string[], string, string]>([
    ["everything, as it was written", true, "b=2&a=%20+%zz&&c&=d&a=1", "b=2&a=%20+%zz&&c&=d&a=1"],
    ["nothing where it is switched off", false, "a=1", ""],
    ["nothing of nothing", true, "", ""],
    ["what a list names, in the order of the client", ["b", "a"], "a=1&c=2&b=3&a=4", "a=1&b=3&a=4"],
    ["what a list names, written with escapes", ["a b"], "a%20b=1&a+b=2&a%2520b=3", "a%20b=1&a+b=2"],
    ["nothing whose name cannot be read, of a list", ["%zz"], "%zz=1", ""],
    ["no key", true, "a=1&api_key=secret&api%5Fkey=secret&api_key", "a=1"],
    ["no key that is named", ["api_key", "a"], "api_key=secret&a=1", "a=1"],
    ["no envelope", true, "envelope=%7B%7D&a=1", "a=1"],
    ["a key of another name", true, "my_api_key=1", "my_api_key=1"],
  ])("%s", (_, forward, query, expected) => {
    expect(forwardedQuery(query, forward)).toBe(expected);
  });

  test("no byte that could end the request line, or is none of ASCII", () => {
    expect(forwardedQuery("a=\r\nX: 1 \t\0#\x7fé😀", true)).toBe(
      "a=%0D%0AX:%201%20%09%00#%7F%C3%A9%F0%9F%98%80",
    );
  });
});
