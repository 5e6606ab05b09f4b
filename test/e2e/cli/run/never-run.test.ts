import { join } from "node:path";
import { expect, test } from "vitest";
import { neverRun } from "../../../../src/cli/run/never-run.js";
import { tsworkerIn } from "../../../support/command-line.js";
import { project } from "../../../support/project.js";

const CONFIG =
  '{ handlers: [{ route: "/f", remoteFunction: () => 1, benchmarkConfig: { generator: () => ({}) } }] }';
const IMPORT = 'import { Worker } from "tsworker";\n';

test.each([
  [
    "exports its worker",
    `${IMPORT}export const worker = new Worker(${CONFIG});\n`,
    "exports a Worker and never calls its run(): write await new Worker({ … }).run();",
  ],
  [
    "exports its worker as the default",
    `${IMPORT}export default new Worker(${CONFIG});\n`,
    "exports a Worker and never calls its run(): write await new Worker({ … }).run();",
  ],
  [
    "makes a worker",
    `${IMPORT}console.log("made");\nnew Worker(${CONFIG});\n`,
    "makes a Worker and never calls its run(): write await new Worker({ … }).run();",
  ],
  [
    "only defines things",
    `${IMPORT}import { help } from "./help.js";\nexport const config = ${CONFIG};\nasync function main() { help(); await new Worker(config).run(); }\n`,
    "only defines things, and runs no worker: it needs await new Worker({ … }).run();",
  ],
])("a program that %s gets the error that it runs no worker", async (_, text, message) => {
  const cwd = await project({ "worker.ts": text, "help.ts": "export const help = () => 1;\n" });
  const command = tsworkerIn({ cwd }, "run", "worker.ts");
  expect(await command.exitCode).toBe(1);
  expect(command.stderr()).toBe(`error: worker.ts ${message}\n`);
});

const WRITES = 'import { writeFileSync } from "node:fs";\nwriteFileSync("out", "1");\n';

// What is in its files decides: no need to run them.
test.each([
  ["is empty", "\n", "is empty: it needs await new Worker({ … }).run();"],
  [
    "has comments and types only",
    "// await new Worker().run();\nexport interface A { readonly a: string }\n",
    "only defines things, and runs no worker: it needs await new Worker({ … }).run();",
  ],
  ["writes a file in silence", WRITES, undefined],
  ["does so in what it imports", 'import "./silent.js";\n', undefined],
])("the same is detected for a program that %s", async (_, text, message) => {
  const cwd = await project({ "worker.ts": text, "silent.ts": 'process.title = "silent";\n' });
  const reported = neverRun(join(cwd, "worker.ts"), {});
  expect(reported?.replace(/^\S+worker\.ts/, "worker.ts")).toBe(message && `worker.ts ${message}`);
});

test.each([
  ["writes a file in what it imports", 'import "./silent.js";\n'],
  [
    "waits in silence",
    "await new Promise((resolve) => setTimeout(resolve, 5));\nexport const done = true;\n",
  ],
  ["ends itself", `${IMPORT}new Worker(${CONFIG});\nprocess.exit(0);\n`],
])("a program that %s has done what it is for", async (_, text) => {
  const cwd = await project({ "client.ts": text, "silent.ts": WRITES });
  const command = tsworkerIn({ cwd }, "run", "client.ts");
  expect(await command.exitCode, command.stderr()).toBe(0);
  expect(command.stderr()).toBe("");
});
