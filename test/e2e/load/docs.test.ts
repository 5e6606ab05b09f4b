import { exec } from "node:child_process";
import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { Command } from "commander";
import { expect, onTestFinished, test } from "vitest";
import { addLoadCommand } from "../../../src/cli/load/load-command.js";
import { requestRows } from "../../../src/cli/load/load-rows.js";
import { loadResultSchema } from "../../../src/load/load-result.js";
import { Tally } from "../../../src/load/tally.js";
import { loadFixture } from "../../support/load-fixture.js";
import { codeOf, root, rowsBelow, snippetsOf, textOf } from "../../unit/support/documents.js";

const page = await textOf("docs/load-testing.md");
const commands = snippetsOf(page, "sh").map((snippet) => snippet.trim());

/** A folder in which `npx tsworker` is this project's, as it was built. */
async function place(): Promise<{ readonly folder: string; readonly path: string }> {
  const folder = await mkdtemp(join(tmpdir(), "tsworker-docs-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  const bin = join(folder, "bin");
  await mkdir(bin);
  const main = root("dist/src/cli/main.js");
  await writeFile(join(bin, "npx"), `#!/bin/sh\nshift\nexec "${process.execPath}" "${main}" "$@"\n`);
  await chmod(join(bin, "npx"), 0o755);
  return { folder, path: `${bin}:${process.env.PATH}` };
}

/** The same command for the engine of the test, with fewer requests in less time: what comes last counts. */
function smaller(command: string, engineUrl: string): string {
  const less = [
    "--engine-url",
    engineUrl,
    ...(/ -n /.test(command) ? ["-n", "40"] : []),
    ...(/ -rps /.test(command) ? ["-rps", "40"] : []),
    ...(/ --duration /.test(command) ? ["--duration", "1"] : []),
  ];
  return `${command} ${less.join(" ")}`;
}

test("every command of the page does what it describes", async () => {
  expect(commands.length).toBeGreaterThan(6);
  const { engine } = await loadFixture({}, { endpoint: "chat", apiKey: "secret" });
  const { folder, path } = await place();
  const [prompts = ""] = snippetsOf(page, "json");
  await writeFile(join(folder, "prompts.jsonl"), prompts);
  for (const command of commands) {
    const { stdout } = await promisify(exec)(smaller(command, engine.url), {
      cwd: folder,
      env: { ...process.env, PATH: path },
    });
    if (command.includes(" load ")) expect(stdout, command).toMatch(/^complete {2}\d+/m);
    else expect(stdout, command).toContain("text_completion");
  }
  const result: unknown = JSON.parse(await readFile(join(folder, "out.json"), "utf8"));
  expect(loadResultSchema.parse(result).totals.failed).toBe(0);
  expect(await readFile(join(folder, "report.html"), "utf8")).toContain("<svg");
}, 180_000);

test("every flag of the load tester is in the table, and no other one", () => {
  const program = new Command();
  addLoadCommand(program);
  const flags = program.commands[0]?.options.map(({ long }) => long).toSorted();
  const documented = rowsBelow(page, "A load test")
    .flatMap(([cell = ""]) => [...cell.matchAll(/--[a-z-]+/g)].map(([flag]) => flag))
    .toSorted();
  expect(documented).toEqual(flags);
});

test("every column of the table is explained, and no other one", () => {
  const [head = [], , , second = []] = requestRows(new Tally(performance.now(), 0).totals);
  const columns = [...head, ...second].map(({ text }) => text.trim());
  expect(rowsBelow(page, "Columns").map(([name]) => name)).toEqual(columns);
});

test("every field of the result is named, and no other one", () => {
  const named = rowsBelow(page, "The result").flatMap(([cell = ""]) =>
    cell.split(", ").map((name) => codeOf(name)),
  );
  const written = Object.keys(loadResultSchema.shape).filter(
    (name) => name !== "tsworker" && name !== "startedAt",
  );
  expect(named).toEqual(written);
});
