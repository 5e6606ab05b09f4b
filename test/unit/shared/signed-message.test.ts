import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { signedMessage } from "../../../src/shared/signed-message.js";

interface Vector {
  readonly name: string;
  readonly url: string;
  readonly message: string;
}

const vectors: readonly Vector[] = JSON.parse(
  readFileSync(new URL("../../fixtures/signed-messages.json", import.meta.url), "utf8"),
);

describe("the signed message is what Python's json.dumps prints", () => {
  test.each(vectors)("$name", ({ url, message }) => {
    expect(signedMessage(url)).toBe(message);
  });

  test("the vectors are there", () => {
    expect(vectors.length).toBeGreaterThan(20);
  });
});

test("the signed message is printable ASCII but for the line breaks of its indentation", () => {
  const everyCodeUnit = Array.from({ length: 0x10000 }, (_, code) => String.fromCharCode(code)).join("");
  expect(signedMessage(everyCodeUnit)).toMatch(/^\{\n {4}"url": "[ -~]*"\n\}$/);
});
