import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, test } from "vitest";
import { exampleNames } from "../../../src/cli/command/worker-file.js";
import { deadLinks, root, rowsBelow, textOf } from "../support/documents.js";

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
  const direct = [...sources.matchAll(/process\.env\.([A-Z0-9_]+)/g)].map(([, name = ""]) => name);
  const unpacked = [...sources.matchAll(/const \{([^}]*)\} = process\.env/g)].flatMap(([, names = ""]) => [
    ...(names.match(/[A-Z_]{3,}/g) ?? []),
  ]);
  const read = [...sources.matchAll(/\b\w+Variable\(([^)]*)\)/g)].flatMap(([, given = ""]) => [
    ...given.matchAll(/"([A-Z0-9_]+)"/g),
  ]);
  return [...new Set([...direct, ...unpacked, ...read.map(([, name = ""]) => name)])];
}

/** The routes that sources serve. */
const routesIn = (sources: string): readonly string[] =>
  [...sources.matchAll(/\b(?:route: |listening\()"(\/[^"]+)"/g)].map(([, route = ""]) => route);

/** The routes that the table of a page has. */
const routesOf = (page: string): readonly string[] =>
  rowsBelow(page, "Routes")
    .flatMap(([routes]) => quoted(routes))
    .map((route) => route.replace(/^\w+ /, ""));

/** A page has a row for each variable that the sources read, with its default. */
function expectVariables(page: string, sources: string): void {
  expect(page).toContain("| variable | meaning | default |");
  const rows = rowsBelow(page, "Environment");
  expect(rows.flatMap(([names]) => quoted(names)).toSorted()).toEqual(variablesIn(sources).toSorted());
  for (const [, , otherwise] of rows) {
    for (const value of quoted(otherwise)) {
      // An address of ComfyUI's is put together from its port.
      expect(sources).toContain(value.replace(/^http:\/\/127\.0\.0\.1:/, ""));
    }
  }
}

const quoted = (cell = ""): readonly string[] =>
  [...cell.matchAll(/`([^`]+)`/g)].map(([, text = ""]) => text);

describe.each(exampleNames())("the README of examples/%s", async (name) => {
  const page = await textOf(`examples/${name}/README.md`);
  const sources = sourcesOf(`examples/${name}/worker.ts`);
  /** Routes and variables that these share are on a page of their own. */
  const isOpenai = sources.includes("../openai/");

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
    const own = isOpenai ? readFileSync(root(`examples/${name}/worker.ts`), "utf8") : sources;
    expect(routesOf(page).toSorted()).toEqual(routesIn(own).toSorted());
  });

  test("has a row for each variable that the worker reads, with its default", () => {
    if (isOpenai) expect(page).toContain("[All variables](../openai/README.md#environment)");
    else if (variablesIn(sources).length === 0)
      expect(page).toContain("The worker has no variables of its own.");
    else expectVariables(page, sources);
  });

  test("has what to do about each error", () => {
    expect(page).toContain("| what you see | what to do |");
    for (const [seen = "", todo = ""] of rowsBelow(page, "When something is wrong")) {
      expect(todo.length, seen).toBeGreaterThan(3);
    }
  });

  test("has no link that leads nowhere", async () => {
    expect(await deadLinks(`examples/${name}/README.md`)).toEqual([]);
  });
});

describe("the page of the servers with OpenAI's interface", async () => {
  const page = await textOf("examples/openai/README.md");
  const sources = sourcesOf("examples/openai/openai-config.ts");

  test("has a row for each route", () => {
    expect(routesOf(page).toSorted()).toEqual(routesIn(sources).toSorted());
  });

  test("has a row for each variable, with its default", () => {
    expectVariables(page, sources);
  });

  test("has no link that leads nowhere", async () => {
    expect(await deadLinks("examples/openai/README.md")).toEqual([]);
  });
});
