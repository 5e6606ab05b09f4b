import { readdirSync, statSync } from "node:fs";
import { expect, test } from "vitest";
import { tsworkerProgram } from "../../src/cli/command-line.js";
import { codeOf, root, rowsBelow, textOf } from "./support/documents.js";

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
