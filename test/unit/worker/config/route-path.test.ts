import { describe, expect, test } from "vitest";
import { pathForms } from "../../../../src/worker/config/route-path.js";

describe("the forms of a path", () => {
  test.each([
    ["/v1/completions", ["/v1/completions"]],
    ["/生", ["/生", "/%E7%94%9F", "/%e7%94%9f"]],
    ["/%e7%94%9F", ["/%e7%94%9F", "/%E7%94%9F", "/%e7%94%9f"]],
    ["/a%20b", ["/a%20b"]],
    ["/a%2fb{c}", ["/a%2fb{c}", "/a%2fb%7Bc%7D", "/a%2Fb%7Bc%7D", "/a%2fb%7bc%7d"]],
  ])("%s", (path, forms) => {
    expect(pathForms(path)).toEqual(forms);
  });

  test.each(["/生成/é", "/a{b}|c%2f", '/<">`^%'])("%s has the one that fetch sends", (path) => {
    expect(pathForms(path)).toContain(new Request(`http://worker${path}`).url.slice("http://worker".length));
  });
});
