import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { root, rowsBelow, textOf } from "../support/documents.js";
import { filesIn, textOf as sourceOf } from "../support/imports.js";

const page = await textOf("docs/troubleshooting.md");
const sections = [...page.matchAll(/^## (.+)$/gm)].map(([, name = ""]) => name);
const sources = [...filesIn("src"), ...filesIn("machines")]
  .map(sourceOf)
  .join("\n")
  // A text that is written in several pieces.
  .replaceAll(/["`] \+\s*["`]/g, "");

/** The texts in code of the first cells below a heading. */
const messagesOf = (heading: string): readonly string[] =>
  rowsBelow(page, heading).flatMap(([first = ""]) =>
    [...first.matchAll(/`([^`]+)`/g)].map(([, message = ""]) => message),
  );

describe.each(sections.filter((section) => rowsBelow(page, section).length > 0))("%s", (section) => {
  test("has a cause or a cure for each symptom", () => {
    for (const [symptom, cause = "", cure = ""] of rowsBelow(page, section)) {
      expect((cause + cure).length, symptom).toBeGreaterThan(10);
      expect(cure.length, symptom).toBeGreaterThan(5);
    }
  });
});

test("a symptom is on the page once", () => {
  const symptoms = sections.flatMap((section) => rowsBelow(page, section).map(([symptom]) => symptom));
  expect(symptoms.length).toBeGreaterThan(40);
  expect(symptoms).toEqual([...new Set(symptoms)]);
});

test("the messages of an errored worker are those of the code", () => {
  const messages = messagesOf("The worker is errored").filter((message) => message !== "onError");
  expect(messages.length).toBeGreaterThan(8);
  for (const message of messages) {
    for (const piece of message.split("…").map((each) => each.trim())) expect(sources).toContain(piece);
  }
});

test("the messages about reports and the benchmark are those of the code", () => {
  const messages = ["Reports and the engine", "The benchmark"]
    .flatMap(messagesOf)
    .filter((message) => message.includes(" "));
  expect(messages.length).toBeGreaterThan(2);
  for (const message of messages) {
    for (const piece of message.split("…").map((each) => each.trim())) expect(sources).toContain(piece);
  }
});

test("the messages of the start script are the script's", () => {
  const script = readFileSync(root("deploy/start_worker.sh"), "utf8").replaceAll('\\"', '"');
  const messages = messagesOf("The start script");
  expect(messages.length).toBeGreaterThan(12);
  for (const message of messages) {
    // A colon before a program's own message is the same for all of them.
    const pieces = message.split("…").map((piece) => piece.trim().replace(/:$/, ""));
    for (const piece of pieces) expect(script).toContain(piece);
  }
});
