import { describe, expect, test } from "vitest";
import { closeOf, relayedClose } from "../../../../src/worker/request/socket-close.js";
import { answers } from "../../../../src/worker/server/answer.js";

describe("an answer as a close", () => {
  test("has 4000 + its status as the code, and its error text as the reason", () => {
    expect(closeOf(answers.invalidSession())).toEqual({ code: 4410, reason: "invalid session" });
    expect(closeOf(answers.invalidJson())).toEqual({ code: 4422, reason: "invalid JSON" });
  });

  test("has its JSON as the reason where it is no error text", () => {
    expect(closeOf(answers.invalidFields({ payload: "field missing" }))).toEqual({
      code: 4422,
      reason: '{"payload":"field missing"}',
    });
  });

  test.each([
    ["ASCII", "a".repeat(200), "a".repeat(123)],
    ["two bytes each", "é".repeat(100), "é".repeat(61)],
    ["three bytes each", `a${"€".repeat(100)}`, `a${"€".repeat(40)}`],
    ["four bytes each", "😀".repeat(50), "😀".repeat(30)],
    ["just fitting", "b".repeat(123), "b".repeat(123)],
    ["empty", "", ""],
  ])("cuts its reason to 123 bytes at the end of a character: %s", (_, error, reason) => {
    expect(closeOf({ status: 502, body: { error } })).toEqual({ code: 4502, reason });
    expect(Buffer.byteLength(reason)).toBeLessThanOrEqual(123);
  });
});

describe("a close that is passed on", () => {
  test.each([1000, 1001, 1002, 1003, 1007, 1011, 1012, 1013, 1014, 3000, 3999, 4000, 4999])(
    "keeps its code: %i",
    (code) => {
      expect(relayedClose(code, "why")).toEqual({ code, reason: "why" });
    },
  );

  test("names no code where none was named", () => {
    expect(relayedClose(1005, "")).toEqual({ code: undefined, reason: "" });
  });

  test.each([0, 999, 1004, 1006, 1015, 1016, 2999, 5000, 65535])(
    "has 1011 for a code that may not be sent: %i",
    (code) => {
      expect(relayedClose(code, "why")).toEqual({ code: 1011, reason: "why" });
    },
  );
});
