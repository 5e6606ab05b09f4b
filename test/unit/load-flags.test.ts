import { expect, test } from "vitest";
import { withLongFlags } from "../../src/cli/load/load-flags.js";

const rest = (...words: readonly string[]): readonly string[] =>
  withLongFlags(["node", "tsworker", ...words]).slice(2);

test("-rps of the load tester is --rps", () => {
  expect(rest("load", "-n", "10", "-rps", "50")).toEqual(["load", "-n", "10", "--rps", "50"]);
  expect(rest("load", "-rps=50")).toEqual(["load", "--rps=50"]);
});

test("nothing else is touched, and no other command", () => {
  expect(rest("load", "-e", "rps", "--rps", "5")).toEqual(["load", "-e", "rps", "--rps", "5"]);
  expect(rest("call", "-rps", "50")).toEqual(["call", "-rps", "50"]);
});
