import { expect, test } from "vitest";
import { FailedTries } from "../../../../src/client/request/failed-tries.js";

test("failures are listed with their numbers", () => {
  const tries = new FailedTries();
  tries.add(new Error("one"));
  tries.add("two");
  expect(tries.text).toBe("\n  1. one\n  2. two");
  expect(tries.cause.errors).toHaveLength(2);
});

test("of very many failures the first and the last are kept", () => {
  const tries = new FailedTries();
  for (let number = 1; number <= 1000; number += 1) tries.add(`n${number}`);
  expect(tries.count).toBe(1000);
  const lines = tries.text.split("\n").slice(1);
  expect(lines).toHaveLength(31);
  expect(lines[9]).toBe("  10. n10");
  expect(lines[10]).toBe("  (970 more)");
  expect(lines[11]).toBe("  981. n981");
  expect(lines.at(-1)).toBe("  1000. n1000");
});
