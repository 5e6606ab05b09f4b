import { execFile, spawn } from "node:child_process";
import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, onTestFinished, test } from "vitest";
import { exampleNames } from "../../../src/cli/command/worker-file.js";
import { tsworkerHereIn } from "../../support/command-here.js";
import { tsworkerIn } from "../../support/command-line.js";
import { eventually } from "../../support/eventually.js";
import { freeNeighbours, freePort } from "../../support/free-port.js";
import { project } from "../../support/project.js";
import { root, snippetsOf, textOf } from "../../unit/support/documents.js";

const run = promisify(execFile);

/** A folder with nothing in it. */
const nothing = () => project({}, { manifest: null, hasPackage: false });

async function initialised(cwd: string, ...parameters: readonly string[]): Promise<string> {
  const command = tsworkerIn({ cwd }, "init", ...parameters);
  expect(await command.exitCode, command.stderr()).toBe(0);
  return command.stdout();
}

test("what it makes is installed without a network, and comes up", async () => {
  const cwd = await nothing();
  expect(await initialised(cwd, "My Worker")).toMatch(
    /\n {2}cd My Worker\n {2}npm install\n {2}npx tsworker dev\n$/,
  );
  const folder = join(cwd, "My Worker");
  const manifest = JSON.parse(await readFile(join(folder, "package.json"), "utf8"));
  expect(manifest).toMatchObject({
    name: "my-worker",
    dependencies: { tsworker: `file:${root("").replace(/\/$/, "")}` },
  });
  await run("npm", ["install", "--offline", "--no-audit", "--no-fund"], { cwd: folder });
  const ports = ["--port", "0", "--model-port", String(await freePort())];
  const child = spawn("npx", ["tsworker", "dev", ...ports], {
    cwd: folder,
    env: { ...process.env, WORKER_PORT: String(await freeNeighbours()) },
    stdio: ["ignore", "pipe", "inherit"],
    detached: true,
  });
  let output = "";
  child.stdout.on("data", (piece) => {
    output += piece;
  });
  const ended = new Promise((resolve) => child.once("close", resolve));
  onTestFinished(async () => {
    if (child.pid !== undefined && child.exitCode === null) process.kill(-child.pid, "SIGTERM");
    await ended;
  });
  await eventually(() => expect(output).toMatch(/worker +ready/), { timeoutMs: 90_000 });
});

test.each(exampleNames())("it copies the example %s with every file that its page names", async (name) => {
  const cwd = await nothing();
  const { exitCode, stderr, stdout } = await tsworkerHereIn(cwd, "init", ".", "--example", name);
  expect(exitCode, stderr).toBe(0);
  expect(stdout).toContain(`\n  npx tsworker dev ${name}\n`);
  const page = await textOf(`examples/${name}/README.md`);
  const copied = [...(/^cp -r .*$/m.exec(page)?.[0] ?? "").matchAll(/examples\/([\w-]+)/g)].map(
    ([, each]) => each,
  );
  const folders = (await readdir(cwd, { withFileTypes: true })).filter((entry) => entry.isDirectory());
  expect(folders.map((entry) => entry.name).toSorted()).toEqual(copied.toSorted());
});

test.each(["package.json", "worker.ts", ".gitignore"])(
  "it overwrites no %s, and writes nothing else",
  async (name) => {
    const cwd = await nothing();
    await writeFile(join(cwd, name), "mine");
    const { exitCode, stderr } = await tsworkerHereIn(cwd, "init");
    expect(exitCode).toBe(1);
    expect(stderr).toBe(`error: ${name} is in ${cwd} already: name a new folder\n`);
    expect(await readdir(cwd)).toEqual([name]);
    expect(await readFile(join(cwd, name), "utf8")).toBe("mine");
  },
);

test("an error about an unknown example lists those that exist", async () => {
  const command = tsworkerIn({ cwd: await nothing() }, "init", "--example", "vlm");
  expect(await command.exitCode).toBe(1);
  expect(command.stderr()).toMatch(/^error: there is no example vlm: name one of .*\bvllm\b.*\n$/);
});

test("its worker is the one that the README begins with", async () => {
  const cwd = await nothing();
  await initialised(cwd);
  const [first = ""] = snippetsOf(await textOf("README.md"), "ts");
  expect(await readFile(join(cwd, "worker.ts"), "utf8")).toBe(first);
});
