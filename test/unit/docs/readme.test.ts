import { execFile } from "node:child_process";
import { readdirSync, statSync } from "node:fs";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { tsworkerProgram } from "../../../src/cli/command-line.js";
import { codeOf, root, rowsBelow, textOf } from "../support/documents.js";

const page = await textOf("README.md");

test("its figures are those of the benchmark's page", async () => {
  const measured = rowsBelow(await textOf("bench/results/proxy.md"), "32 connections");
  const shown = rowsBelow(page, "How fast it is");
  expect(shown.length).toBe(6);
  expect(measured).toEqual(shown);
});

test("it leads to every example", () => {
  const examples = readdirSync(root("examples")).filter((name) =>
    statSync(root(`examples/${name}/worker.ts`), { throwIfNoEntry: false })?.isFile(),
  );
  const shown = rowsBelow(page, "Examples").flatMap(([names = ""]) =>
    [...names.matchAll(/\]\(examples\/([\w-]+)\)/g)].map(([, name]) => name),
  );
  expect(shown.toSorted()).toEqual(examples.toSorted());
});

test("it lists every command", () => {
  const program = tsworkerProgram();
  const visible = program.createHelp().visibleCommands(program);
  const shown = rowsBelow(page, "Commands").map(([command]) => codeOf(command).split(" ")[0]);
  expect(shown).toEqual(visible.map((command) => command.name()).filter((name) => name !== "help"));
});

test("the package has every page and picture that it leads to", async () => {
  const packing = ["pack", "--dry-run", "--json", "--ignore-scripts"];
  const { stdout } = await promisify(execFile)("npm", packing, {
    cwd: root("."),
    maxBuffer: 16 * 1024 * 1024,
  });
  const [{ files }] = JSON.parse(stdout) as [{ readonly files: readonly { readonly path: string }[] }];
  const packed = new Set(files.map(({ path }) => path));
  const targets = [...page.matchAll(/\]\(([\w./-]+\.(?:md|png))(?:#[\w-]*)?\)/g)].map(
    ([, target = ""]) => target,
  );
  expect(targets.length).toBeGreaterThan(20);
  expect(targets.filter((target) => !packed.has(target))).toEqual([]);
});
