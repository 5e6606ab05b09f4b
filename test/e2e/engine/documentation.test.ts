import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { tsworker, tsworkerIn } from "../../support/command-line.js";
import { eventually } from "../../support/eventually.js";
import { freePort } from "../../support/free-port.js";
import { SLOW } from "../../support/process-engine.js";
import { project } from "../../support/project.js";
import { snippetsOf, textOf } from "../../unit/support/documents.js";

const run = promisify(execFile);
const page = await textOf("docs/engine.md");
const [announced = "", started = "", calls = ""] = snippetsOf(page, "sh");
const programs = snippetsOf(page, "ts");

/** Runs the command line of a snippet, on a free port and with its files in a folder that goes away. */
async function engineOf(snippet: string) {
  const place = await project({});
  const port = String(await freePort());
  const [, , ...parameters] = snippet
    .replaceAll("\\\n", " ")
    .replace("8080", port)
    .replace("engine-state.json", join(place, "engine-state.json"))
    .replace(/workers$/m, join(place, "workers"))
    .trim()
    .split(/\s+/);
  const command = tsworker(...parameters);
  await eventually(() => command.stdout().includes("listening"), SLOW);
  return { command, port };
}

/** Runs a program of the page to its end. @returns what it printed. */
async function outputOf(program: string): Promise<string> {
  const cwd = await project({ "snippet.mts": program });
  const command = tsworkerIn({ cwd }, "run", "snippet.mts");
  expect(await command.exitCode, command.stderr()).toBe(0);
  return command.stdout();
}

test("the command for workers that announce themselves starts an engine, and the calls are answered", async () => {
  const { command, port } = await engineOf(announced);
  const { stdout } = await run("sh", ["-ec", calls.replaceAll("8080", port)]);
  expect(stdout).toContain('"endpoint_name":"hello"');
  expect(stdout).toContain('"max_workers":3');
  expect(stdout.trimEnd().endsWith("[]")).toBe(true);
  command.signal("SIGTERM");
  expect(await command.exitCode).toBe(0);
});

test("the command for workers that the engine starts comes to hold one", async () => {
  const { command } = await engineOf(started);
  await eventually(() => expect(command.stdout()).toMatch(/worker +1 of hello {2}stopped/), SLOW);
  command.signal("SIGTERM");
  expect(await command.exitCode).toBe(0);
});

test("the program with a provider of processes has a request answered by a worker that was not there", async () => {
  const output = await outputOf(programs[0] ?? "");
  expect(output).toContain("worker 1 is idle\n");
  expect(output).toMatch(/^200 1$/m);
});

test("the program with a provider of its own has it called", async () => {
  const output = await outputOf(programs[1] ?? "");
  expect(output).toMatch(/create worker 1, which reports to http:/);
  expect(output).toContain("destroy worker 1 at machine-1");
});
