import { expect, test } from "vitest";
import { filesIn, importsOf, textOf, withoutComments } from "./support/imports.js";

/** The client and what it takes from elsewhere in the project. */
const FILES = [...filesIn("src/client"), "src/errors.ts", "src/reason-of.ts", "src/wire.ts"];

test("the client imports nothing but itself, the wire, errors, and a parser that runs in browsers", () => {
  const foreign = importsOf("src/client")
    .map(({ target }) => target)
    .filter((target) => !target.startsWith("src/client/"));
  expect([...new Set(foreign)].toSorted()).toEqual([
    "eventsource-parser",
    "src/errors.ts",
    "src/reason-of.ts",
    "src/wire.ts",
  ]);
});

test("neither do those import anything", () => {
  for (const file of ["src/errors.ts", "src/reason-of.ts", "src/wire.ts"])
    expect(textOf(file)).not.toMatch(/^import/m);
});

test.each(FILES)("%s uses nothing that only Node.js has", (file) => {
  expect(withoutComments(textOf(file))).not.toMatch(
    /\b(?:process|Buffer|setImmediate|require|__dirname|global)\b/,
  );
});
