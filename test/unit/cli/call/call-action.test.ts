import { expect, test } from "vitest";
import { answerText } from "../../../../src/cli/call/call-action.js";

const PICTURE = "iVBORw0KGgo".repeat(1000);
const BODY = JSON.stringify({ status: "completed", output: [{ data: PICTURE, text: "a lake" }] });

test("of an image an answer shows how it begins and how long it is", () => {
  const text = answerText(BODY, true);
  expect(text).toContain(`"data": "${PICTURE.slice(0, 60)}… (11000 characters`);
  expect(text).toContain('"text": "a lake"');
  expect(text.length).toBeLessThan(400);
});

test("a program is given the whole of it", () => {
  expect(JSON.parse(answerText(BODY, false))).toEqual(JSON.parse(BODY));
});

test("what is no JSON stays as it is", () => {
  expect(answerText("not {json", true)).toBe("not {json");
});
