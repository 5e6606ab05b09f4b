import { describe, expect, test } from "vitest";
import { EventBoundary } from "../../../../src/worker/answer/stream-format.js";

const isBetween = (...pieces: readonly string[]): boolean => {
  const boundary = new EventBoundary();
  for (const piece of pieces) boundary.push(Buffer.from(piece));
  return boundary.isBetween;
};

const WHOLE = [
  "",
  "\n",
  "data: 1\n\n",
  "data: 1\r\n\r\n",
  "data: 1\r\r",
  ": c\n\n",
  "data: 1\n\n\n",
  "a\r\n\n",
  "a\n\r\n",
  "é\n\n",
];
const CUT = [
  "d",
  "data: 1",
  "data: 1\n",
  "data: 1\r\n",
  "data: 1\r",
  "data: 1\n\nd",
  "data: 1\r\n\r\nid: 1\r\n",
  "\n\n\r\na",
];

describe.each([
  [true, WHOLE],
  [false, CUT],
])("between two events is %s", (expected, texts) => {
  test.each(texts.map((text) => JSON.stringify(text)))("behind %s, wherever it is cut", (json) => {
    const text = JSON.parse(json) as string;
    expect(isBetween(text)).toBe(expected);
    expect(isBetween("data: some event before it\n\n", text)).toBe(expected);
    expect(isBetween(...text)).toBe(expected);
    for (let at = 0; at <= text.length; at++)
      expect(isBetween(text.slice(0, at), text.slice(at))).toBe(expected);
  });
});

test("is found where a piece at a time comes, as over all of it at once", () => {
  const alphabet = ["\r", "\n", "a"];
  // All texts of up to seven of them.
  for (let length = 1; length <= 7; length++) {
    for (let n = 0; n < 3 ** length; n++) {
      const text = Array.from({ length }, (_, index) => alphabet[Math.floor(n / 3 ** index) % 3]).join("");
      const tail = /(?:\r\n|\n|\r)*$/.exec(text)?.[0] ?? "";
      const ends = (tail.match(/\r\n|\n|\r/g) ?? []).length + (tail === text ? 2 : 0);
      expect(isBetween(text), JSON.stringify(text)).toBe(
        // A long piece is judged by its end: at the beginning of a stream that is a boundary anyway.
        ends >= 2,
      );
      expect(isBetween(...text), JSON.stringify(text)).toBe(ends >= 2);
    }
  }
});
