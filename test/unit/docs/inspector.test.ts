import { expect, test } from "vitest";
import { CLOSES } from "../../../src/worker/routes/inspect-pages.js";
import { codeOf, rowsBelow, textOf } from "../support/documents.js";
import { textOf as sourceOf } from "../support/imports.js";

const page = await textOf("docs/inspector.md");

/** The number that a constant of a file has. */
const constant = (file: string, name: string): number =>
  Number(new RegExp(`const ${name} = ([\\d_]+);`).exec(sourceOf(file))?.[1]?.replaceAll("_", ""));

test("the keys are those that the page lists", () => {
  const reported = [...sourceOf("src/inspector/page/keys.tsx").matchAll(/^ {2}\["([^"]+)", "([^"]+)"\]/gm)];
  const documented = rowsBelow(page, "Keys");
  expect(reported.length).toBeGreaterThan(8);
  expect(documented.map(([key]) => codeOf(key))).toEqual(reported.map(([, key]) => key));
  // The page calls itself "this page".
  expect(documented.slice(0, -1).map(([, meaning]) => meaning)).toEqual(
    reported.slice(0, -1).map(([, , meaning]) => meaning),
  );
});

test("the flags of the command are those that it takes", () => {
  const source = sourceOf("src/cli/inspect/inspect-command.ts");
  const flags = [...source.matchAll(/"(--\w+(?: <\w+>)?)"/g)].map(([, flag]) => flag);
  expect(flags.length).toBeGreaterThan(6);
  expect(rowsBelow(page, "In a terminal").map(([flag]) => codeOf(flag))).toEqual(flags);
});

test("every reason to close a page's connection has its row in the page of troubleshooting", async () => {
  const symptoms = rowsBelow(await textOf("docs/troubleshooting.md"), "The inspector")
    .map(([symptom]) => symptom)
    .join("\n");
  for (const [code] of Object.values(CLOSES)) expect(symptoms).toContain(`${code}`);
});

test("the limits are those of the code", () => {
  const text = page.replaceAll(/\s+/g, " ");
  const limit = (file: string, name: string): string => constant(file, name).toLocaleString("en");
  const flows = limit("src/inspector/recorder/flows.ts", "FLOWS_PER_SECOND");
  expect(text).toContain(`up to ${flows} a second that begin`);
  expect(text).toContain(`more than ${flows} requests a second`);
  const recorder = "src/inspector/recorder/recorder.ts";
  expect(text).toContain(`every one, up to ${limit(recorder, "LIFECYCLE_PER_SECOND")} a second`);
  expect(text).toContain(`up to ${limit(recorder, "TRAFFIC_PER_SECOND")} a second`);
  const kept = limit("src/inspector/recorder/inspection.ts", "DEFAULT_EVENTS");
  expect(text).toContain(`keeps ${kept} records of its lifecycle, and ${kept} of requests`);
  expect(text).toContain(`page keeps ${limit("src/inspector/page/history.ts", "KEPT_ENTRIES")}`);
  const safe = "src/inspector/recorder/safe-value.ts";
  expect(text).toContain(
    `${limit(safe, "MAX_DEPTH")} levels, ${limit(safe, "MAX_ENTRIES")} entries of each object or list, ` +
      `${limit(safe, "MAX_TEXT")} characters of each text, ${limit(safe, "MAX_VALUES")} values in all`,
  );
  const pages = "src/worker/routes/inspect-pages.ts";
  expect(text).toContain(`At most ${limit(pages, "MAX_PAGES")} pages and terminals at once`);
  expect(text).toContain(`for ${constant(pages, "READ_LIMIT_MS") / 1000} s is cut off`);
  expect(text).toContain(`the first ${limit("src/inspector/recorder/inspector.ts", "MAX_TICKETS")} that run`);
  expect(text).toContain(`At most ${limit("src/inspector/recorder/inspector.ts", "MAX_ACTORS")} actors`);
  expect(text).toContain(`last ${limit("src/inspector/page/tabs.tsx", "SEQUENCE_LENGTH")} events`);
  expect(text).toContain(`last ${limit("src/inspector/page/tabs.tsx", "REQUESTS_LENGTH")} recorded requests`);
});
