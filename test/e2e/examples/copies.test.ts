import { execFile } from "node:child_process";
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, onTestFinished, test } from "vitest";
import { exampleNames } from "../../../src/cli/command/worker-file.js";
import { tsworkerIn } from "../../support/command-line.js";
import { eventually } from "../../support/eventually.js";
import { freeNeighbours, freePort } from "../../support/free-port.js";
import { project } from "../../support/project.js";
import { root } from "../../unit/support/documents.js";

const run = promisify(execFile);

/** A user's project with a copy of an example, made as its README describes. */
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

test("a copy of each example has all that it imports", async () => {
  const copies = await Promise.all(
    exampleNames().map(async (name) => ({ name, worker: join(await copyOf(name), name, "worker.ts") })),
  );
  for (const { name, worker } of copies) {
    await writeFile(worker, `console.log("the copy of ${name}");\n${await readFile(worker, "utf8")}`);
  }
  // One process for all of them: the package is then loaded once.
  const cwd = await project({
    "all.ts": `for (const worker of ${JSON.stringify(copies.map(({ worker }) => worker))}) {
      await import(worker).catch((error: Error) => console.log(error.message));
    }\n`,
  });
  const command = tsworkerIn({ cwd }, "run", "all.ts");
  expect(await command.exitCode, command.stderr()).toBe(0);
  // Each came as far as to read its environment.
  const faults = "the worker's environment has 4 errors:(?:\\n  .*){4}\\n";
  const said = copies.map(({ name }) => `the copy of ${name}\\n${faults}`).join("");
  expect(command.stdout()).toMatch(new RegExp(`^${said}$`));
  expect(command.stderr()).toBe("");
});

test("a copy is run by the name of its example", async () => {
  const cwd = await copyOf("vllm");
  const worker = join(cwd, "vllm", "worker.ts");
  await writeFile(worker, `console.log("the copy");\n${await readFile(worker, "utf8")}`);
  const command = tsworkerIn({ cwd }, "run", "vllm");
  expect(await command.exitCode).toBe(1);
  expect(command.stdout()).toBe("the copy\n");
  expect(command.stderr()).toMatch(/^error: the worker's environment has 4 errors:/);
});

test("a copy is developed with the simulated model of its example", async () => {
  const cwd = await copyOf("tgi");
  const env = { WORKER_PORT: String(await freeNeighbours()) };
  const ports = ["--port", "0", "--model-port", String(await freePort())];
  const command = tsworkerIn({ cwd, env }, "dev", "tgi", ...ports);
  await eventually(() => expect(command.stdout()).toMatch(/worker +ready/), { timeoutMs: 90_000 });
  expect(command.stdout()).toMatch(/model +http:\S+ {2}simulated tgi\n/);
  expect(command.stdout()).toContain("tgi/worker.ts");
  command.signal("SIGINT");
  expect(await command.exitCode).toBe(0);
});
