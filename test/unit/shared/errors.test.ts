import { expect, test } from "vitest";
import { errorMessage } from "../../../src/shared/errors.js";

const refused = new Error("connect ECONNREFUSED ::1:80");

test.each([
  [new Error("fetch failed", { cause: refused }), refused.message],
  [
    new Error("fetch failed", { cause: new AggregateError([refused, new Error("another address")]) }),
    refused.message,
  ],
  [new Error("fetch failed", { cause: new Error("") }), "fetch failed"],
  [new Error("fetch failed"), "fetch failed"],
  ["a text", "a text"],
])("the reason of %o is %j", (error, reason) => {
  expect(errorMessage(error)).toBe(reason);
});
