import { describe, expect, test } from "vitest";
import { patternIssue } from "../../../../src/worker/config/pattern-check.js";

const SLOW = [
  /(a+)+$/,
  /(a|a)*$/,
  /(a|aa)+$/,
  /(.*)*x/,
  /^(\w+\s?)*$/,
  /a*a*a*a*b/,
  /.*.*.*=x/,
  /^(([a-z])+.)+[A-Z]([a-z])+$/,
  /([a-zA-Z]+)*$/,
  /(?=(a+)+$)b/,
  /^(?:a?){30}a{30}$/,
  /(x+x+)+y/,
  /\d+\s*\d+\s*ms/,
  /(?:a?a)+$/,
  /(?:(?:a|a)b)*c/,
  /(?:\d|\w)+:$/,
  /^(?:error|err)+$/i,
  /(?:a|)+a$/,
  /(?<=(?:a|a)*b)c/,
  /(?:a{0,3}){20}$/,
];

const FINE = [
  /^Traceback \(most recent call last\):$/,
  /^(?:\(\w+ pid=\d+\) )?(?:[A-Z]+ \d\d-\d\d \d\d:\d\d:\d\d \[[^\]]+\] )?Traceback \(most recent call last\):$/,
  /^\[\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(?: TP\d+)?\] The server is fired up/,
  /Application startup complete\.$/,
  /ready|loaded/,
  /^[^"']*error/i,
  /loaded in \d+(?:\.\d+)? s$/,
  /^\S+ \S+ model loaded/,
  /a.*b/,
  /foo(?!bar)/,
  /(\w+) is \1/,
  /^.*error.*$/,
  /^INFO.*startup.*complete/,
  /^(?:\[\w+\] )*error/,
  /^(?:\w+\.)+Error: /,
  /(?:INFO|INFORMATION) ready/gu,
  /modèle prêt/y,
];

describe("an expression that may take very long is refused", () => {
  test.each(SLOW.map((pattern) => [pattern]))("%s", (pattern) => {
    expect(patternIssue(pattern)).toMatch(
      /^expected a regular expression that takes no long time on any line: /,
    );
  });
});

describe("an expression that takes no long time is accepted", () => {
  test.each(FINE.map((pattern) => [pattern]))("%s", (pattern) => {
    expect(patternIssue(pattern)).toBeUndefined();
  });
});

test("the invalid part is named", () => {
  expect(patternIssue(/^model (\w+\s?)* ready$/)).toContain("(\\w+\\s?)*");
});

test.each([
  ["", "expected a text that is not empty, or a regular expression"],
  [7, "expected a text that is not empty, or a regular expression"],
  [/ready|/, "expected a regular expression that does not match an empty line"],
  [/\d*/g, "expected a regular expression that does not match an empty line"],
])("%s is refused: it would match every line, or none", (pattern, expected) => {
  expect(patternIssue(pattern)).toBe(expected);
});
