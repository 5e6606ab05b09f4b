import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, test } from "vitest";
import { exampleNames } from "../../src/cli/worker-file.js";
import { deadLinks, root, rowsBelow, textOf } from "./support/documents.js";

const SECTIONS = [
  "Try it",
  "Make it yours",
  "In production",
  "Routes",
  "Environment",
  "When something is wrong",
];

/** The sources of a program, and of all that it imports from beside it. */
function sourcesOf(file: string, seen = new Set<string>()): string {
  if (seen.has(file) || !existsSync(root(file))) return "";
  seen.add(file);
  const text = readFileSync(root(file), "utf8");
  const imported = [...text.matchAll(/from "(\.[^"]+)\.js"/g)].map(([, path = ""]) =>
    sourcesOf(join(dirname(file), `${path}.ts`), seen),
  );
  return [text, ...imported].join("\n");
}

/** The variables that sources read. */
function variablesIn(sources: string): readonly string[] {
  const direct = [...sources.matchAll(/process\.env\.([A-Z_]+)|lines\("([A-Z_]+)"\)/g)].flatMap(
    ([, one, other]) => [one ?? other ?? ""],
  );
  const unpacked = [...sources.matchAll(/const \{([^}]*)\} = process\.env/g)].flatMap(([, names = ""]) => [
    ...(names.match(/[A-Z_]{3,}/g) ?? []),
  ]);
  return [...new Set([...direct, ...unpacked])];
}

const quoted = (cell = ""): readonly string[] =>
  [...cell.matchAll(/`([^`]+)`/g)].map(([, text = ""]) => text);

describe.each(exampleNames())("the README of examples/%s", async (name) => {
  const page = await textOf(`examples/${name}/README.md`);
  const sources = sourcesOf(`examples/${name}/worker.ts`);

  test("has the sections that all of them have, in order", () => {
    expect([...page.matchAll(/^## (.+)$/gm)].map(([, section]) => section)).toEqual(SECTIONS);
  });

  test("shows how it is tried, and how it is run", () => {
    expect(page).toContain(`\`\`\`sh\nnpx tsworker dev ${name}\n\`\`\`\n\nstarts an engine`);
    expect(page).toMatch(new RegExp(`^npx tsworker run ${name}/client`, "m"));
    expect(page).toContain(`\`\`\`console\nnpx tsworker run ${name}\n\`\`\``);
    expect(page).toContain("needs what [every worker](../../docs/configuration.md#environment)");
    expect(page.replaceAll("\n", " ")).toContain("kept in `.has_benchmark` in the working directory");
  });

  test("has a row for each route", () => {
    const told = rowsBelow(page, "Routes").flatMap(([routes]) => quoted(routes));
    const routes = [...sources.matchAll(/\b(?:route: |handler\(|listening\()"(\/[^"]+)"/g)].map(
      ([, route = ""]) => route,
    );
    expect(told.map((route) => route.replace(/^\w+ /, "")).toSorted()).toEqual(routes.toSorted());
  });

  test("has a row for each variable that the worker reads, with its default", () => {
    const variables = variablesIn(sources);
    if (variables.length === 0) {
      expect(page).toContain("The worker has no variables of its own.");
      return;
    }
    expect(page).toContain("| variable | what it says | default |");
    const rows = rowsBelow(page, "Environment");
    expect(rows.flatMap(([names]) => quoted(names)).toSorted()).toEqual(variables.toSorted());
    for (const [, , otherwise] of rows) {
      for (const value of quoted(otherwise)) {
        // An address of ComfyUI's is put together from its port.
        expect(sources).toContain(value.replace(/^http:\/\/127\.0\.0\.1:/, ""));
      }
    }
  });

  test("says of what goes wrong what to do", () => {
    expect(page).toContain("| what you see | what to do |");
    for (const [seen = "", todo = ""] of rowsBelow(page, "When something is wrong")) {
      expect(todo.length, seen).toBeGreaterThan(3);
    }
  });

  test("has no link that leads nowhere", async () => {
    expect(await deadLinks(`examples/${name}/README.md`)).toEqual([]);
  });
});
