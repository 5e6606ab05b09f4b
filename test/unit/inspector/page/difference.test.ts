import { expect, test } from "vitest";
import { difference } from "../../../../src/inspector/page/difference.js";

test("equal values do not differ", () => {
  expect(difference({ a: [1, { b: null }] }, { a: [1, { b: null }] })).toEqual([]);
});

test("what was added, removed and changed is shown with its path", () => {
  expect(
    difference({ kept: 1, gone: true, inner: { x: 1 } }, { kept: 1, inner: { x: 2 }, new: null }),
  ).toEqual([
    { kind: "removed", path: "gone", before: true },
    { kind: "changed", path: "inner.x", before: 1, after: 2 },
    { kind: "added", path: "new", after: null },
  ]);
});

test("lists are compared place by place", () => {
  expect(difference({ list: [1, 2, 3] }, { list: [1, 5] })).toEqual([
    { kind: "changed", path: "list[1]", before: 2, after: 5 },
    { kind: "removed", path: "list[2]", before: 3 },
  ]);
});

test("a value of another kind is changed as a whole", () => {
  expect(difference([], {})).toEqual([{ kind: "changed", path: "", before: [], after: {} }]);
  expect(difference(null, { a: 1 })).toEqual([{ kind: "changed", path: "", before: null, after: { a: 1 } }]);
});

test("keys that every object inherits are keys like others", () => {
  expect(difference({}, { constructor: 1, toString: "x" })).toEqual([
    { kind: "added", path: "constructor", after: 1 },
    { kind: "added", path: "toString", after: "x" },
  ]);
});
