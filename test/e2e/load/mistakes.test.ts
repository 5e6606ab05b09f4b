import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { close, httpUrl, listen } from "../../../src/shared/listen.js";
import { type Ended, tsworkerHere } from "../../support/command-here.js";
import { tsworker } from "../../support/command-line.js";
import { freePort } from "../../support/free-port.js";
import { startedEngine } from "../../support/started-engine.js";

const COMMANDS = {
  load: ["load", "-n", "5", "-rps", "50"],
  call: ["call", "/go", "{}"],
} as const;

/** Runs a command that fails, and returns its error in one line. */
async function errorOf(...words: readonly string[]): Promise<string> {
  return lineOf(await tsworkerHere(...words));
}

/** The same as a process of its own. */
async function processErrorOf(...words: readonly string[]): Promise<string> {
  const command = tsworker(...words);
  const exitCode = await command.exitCode;
  return lineOf({ exitCode, stdout: command.stdout(), stderr: command.stderr() });
}

function lineOf({ exitCode, stdout, stderr }: Ended): string {
  expect(exitCode, stdout).toBe(1);
  expect(stdout).toBe("");
  const [line = "", ...more] = stderr.trimEnd().split("\n");
  expect(more.filter((each) => each !== "(see --help)")).toEqual([]);
  return line;
}

describe.each(["load", "call"] as const)("%s reports in one line, with the exit code 1,", (name) => {
  const words = COMMANDS[name];

  test("a wrong key", async () => {
    const { url } = await startedEngine();
    expect(await processErrorOf(...words, "-e", "endpoint", "-k", "wrong", "--engine-url", url)).toMatch(
      /^error: .*answered 400: invalid api_key/,
    );
  });

  test("an unknown endpoint", async () => {
    const { url } = await startedEngine();
    expect(await errorOf(...words, "-e", "nope", "-k", "key", "--engine-url", url)).toMatch(
      /^error: .*no such endpoint: nope/,
    );
  });

  test("an engine that cannot be reached", async () => {
    const url = `http://127.0.0.1:${await freePort()}`;
    expect(await errorOf(...words, "-e", "endpoint", "-k", "key", "--engine-url", url)).toMatch(
      new RegExp(`^error: no answer from the engine at ${url}: .*ECONNREFUSED.*is it running`),
    );
  });

  test("something that is no engine", async () => {
    const server = createServer((_, response) => response.end("<html>\n<title>Welcome</title>"));
    const url = httpUrl("127.0.0.1", await listen(server, "127.0.0.1", 0));
    onTestFinished(() => close(server));
    expect(await errorOf(...words, "-e", "endpoint", "-k", "key", "--engine-url", url)).toMatch(
      /^error: what answers at .* is no engine: .* got 200: <html> <title>/,
    );
  });

  test("a URL that is none", async () => {
    expect(await processErrorOf(...words, "-e", "endpoint", "-k", "key", "--engine-url", "nope")).toContain(
      "It must be a URL such as http://127.0.0.1:8080.",
    );
  });
});

describe("load reports", () => {
  const some = ["-e", "endpoint", "-k", "key"] as const;

  test.each([
    ["no rate", ["-n", "5"], "give a rate with -rps"],
    ["no end", ["-rps", "5"], "the test would never end"],
    ["no end of a closed loop", ["--concurrency", "5"], "the test would never end"],
    ["a rate of a closed loop", ["--concurrency", "5", "-rps", "5", "-n", "5"], "-rps and --profile have no"],
    ["a profile that is none", ["-n", "5", "-rps", "5", "--profile", "square"], "steady, sine, burst"],
    ["a count that is none", ["-n", "0", "-rps", "5"], "must be an integer from 1 on"],
    ["a time that no timer can hold", ["-n", "5", "-rps", "5", "--timeout", "9999999"], "at most 2147483"],
    [
      "a payload that is not there",
      ["-n", "5", "-rps", "5", "--payload", "/nowhere/p.json"],
      "cannot read the payload",
    ],
    [
      "a report that cannot be written",
      ["-n", "5", "-rps", "5", "--html", "/nowhere/r.html"],
      "cannot write to",
    ],
  ])("%s", async (_, flags, message) => {
    expect(await errorOf("load", ...flags, ...some)).toContain(message);
  });

  test("a payload that is not JSON", async () => {
    const folder = await mkdtemp(join(tmpdir(), "tsworker-load-"));
    onTestFinished(() => rm(folder, { recursive: true }));
    const file = join(folder, "p.jsonl");
    await writeFile(file, '{"prompt": "a"}\n{"prompt":\n');
    expect(await errorOf("load", "-n", "5", "-rps", "5", "--payload", file, ...some)).toMatch(
      /p\.jsonl, line 2: not JSON/,
    );
  });
});

test.each([
  ["{prompt: 1}", /^error: the payload is not JSON: /],
  ["", /^error: the payload is not JSON: /],
  ["[{}]", /^error: the payload: expected a JSON object, got \[\{\}\]$/],
  ["null", /^error: the payload: expected a JSON object, got null$/],
])("call reports %j, which is no payload", async (json, message) => {
  expect(await errorOf("call", "/go", json, "-e", "endpoint", "-k", "key")).toMatch(message);
});
