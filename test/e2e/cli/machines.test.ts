import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { tsworkerHere } from "../../support/command-here.js";
import { tsworker } from "../../support/command-line.js";

const NAMES = ["worker", "model", "key", "reporter", "session"];

/** What `tsworker machines` prints. */
async function printed(...parameters: readonly string[]): Promise<string> {
  const { exitCode, stderr, stdout } = await tsworkerHere("machines", ...parameters);
  expect(exitCode).toBe(0);
  expect(stderr).toBe("");
  return stdout;
}

describe("tsworker machines prints", () => {
  test("all machines for mermaid by default", async () => {
    // A process, whose output is a pipe, writes the same.
    const command = tsworker("machines");
    expect(await command.exitCode).toBe(0);
    expect(command.stderr()).toBe("");
    expect(command.stdout()).toBe(await printed());
    expect(command.stdout().match(/^stateDiagram-v2$/gm)).toHaveLength(NAMES.length);
  });

  test("one machine for mermaid", async () => {
    const text = await printed("session");
    expect(text).toMatch(/^stateDiagram-v2\n/);
    expect(text).toContain("session_open --> session_closing : session.end [hasOnClose] / reportClosing");
    expect(text.match(/stateDiagram-v2/g)).toHaveLength(1);
  });

  test("one machine as a complete picture", async () => {
    const text = await printed("key", "--format", "svg");
    expect(text).toMatch(/^<svg .*<\/svg>\n$/s);
    expect(text).toContain('data-state="backingOff"');
    expect(text).toContain("prefers-color-scheme: dark");
  });

  test("all machines as data, one in a line", async () => {
    const lines = (await printed("--format", "json")).trimEnd().split("\n");
    expect(lines.map((line) => JSON.parse(line).id)).toEqual(NAMES);
  });
});

test("tsworker machines --out writes a file for each machine, and makes the folder", async () => {
  const folder = await mkdtemp(join(tmpdir(), "tsworker-machines-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  const out = join(folder, "new", "pictures");
  expect(await printed("--format", "svg", "--out", out)).toBe("");
  expect((await readdir(out)).toSorted()).toEqual(NAMES.map((name) => `${name}.svg`).toSorted());
  expect(await readFile(join(out, "worker.svg"), "utf8")).toMatch(/^<svg /);
  await printed("model", "--out", out);
  expect(await readFile(join(out, "model.mmd"), "utf8")).toMatch(/^stateDiagram-v2\n/);
});

test.each([
  ["an unknown machine", ["nope"], "It must be one of worker, model, key, reporter, session."],
  ["an unknown format", ["--format", "png"], "Allowed choices are mermaid, svg, json."],
  ["several pictures at once", ["--format", "svg"], "name a machine, or a folder with --out"],
  ["a folder that cannot be", ["--out", "/dev/null/x"], "cannot write to /dev/null/x"],
])("%s is one clear error and the exit code 1", async (_, parameters, reason) => {
  const { exitCode, stderr, stdout } = await tsworkerHere("machines", ...parameters);
  expect(exitCode).toBe(1);
  expect(stderr).toContain(reason);
  expect(stderr).not.toContain("    at ");
  expect(stdout).toBe("");
});
