import { execFile } from "node:child_process";
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, onTestFinished, test, vi } from "vitest";
import { exampleNames } from "../../../src/cli/worker-file.js";
import { tsworkerIn } from "../../support/command-line.js";
import { eventually } from "../../support/eventually.js";
import { freeNeighbours, freePort } from "../../support/free-port.js";
import { root } from "../../unit/support/documents.js";

vi.setConfig({ testTimeout: 60_000 });

const run = promisify(execFile);

/** A project of somebody's with a copy of an example, made as its README says. */
async function copyOf(name: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "tsworker-copy-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  await mkdir(join(folder, "node_modules"));
  await symlink(root("."), join(folder, "node_modules", "tsworker"));
  await writeFile(join(folder, "package.json"), '{ "type": "commonjs" }\n');
  const readme = await readFile(root(`examples/${name}/README.md`), "utf8");
  const command = /^cp -r .*$/m.exec(readme)?.[0] ?? "false";
  await run("sh", ["-c", command], { cwd: folder });
  return folder;
}

test.each(exampleNames())("a copy of %s has all that it imports", async (name) => {
  const cwd = await copyOf(name);
  const worker = join(cwd, name, "worker.ts");
  await writeFile(worker, `console.log("the copy");\n${await readFile(worker, "utf8")}`);
  const command = tsworkerIn({ cwd }, "run", name);
  expect(await command.exitCode).toBe(1);
  expect(command.stdout()).toBe("the copy\n");
  // It came as far as to look at its environment.
  expect(command.stderr()).toMatch(/^error: the worker's environment has 4 faults:/);
});

test("a copy is developed with the simulated model of its example", async () => {
  const cwd = await copyOf("tgi");
  const env = { WORKER_PORT: String(await freeNeighbours()) };
  const ports = ["--port", "0", "--model-port", String(await freePort())];
  const command = tsworkerIn({ cwd, env }, "dev", "tgi", ...ports);
  await eventually(() => expect(command.stdout()).toMatch(/worker +ready/), { timeoutMs: 40_000 });
  expect(command.stdout()).toMatch(/model +http:\S+ {2}simulated tgi\n/);
  expect(command.stdout()).toContain("tgi/worker.ts");
  command.signal("SIGINT");
  expect(await command.exitCode).toBe(0);
});
