import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { tsworkerHere } from "../../support/command-here.js";
import { tsworker } from "../../support/command-line.js";
import { root, snippetsOf, textOf } from "../../unit/support/documents.js";

const page = await textOf("docs/scaling.md");
const commands = snippetsOf(page, "sh").flatMap((snippet) => snippet.trim().split("\n"));

async function folder(): Promise<string> {
  const made = await mkdtemp(join(tmpdir(), "tsworker-forecast-"));
  onTestFinished(() => rm(made, { recursive: true }));
  return made;
}

/** Output of `tsworker forecast`. */
async function printed(...parameters: readonly string[]): Promise<string> {
  const { exitCode, stderr, stdout } = await tsworkerHere("forecast", ...parameters);
  expect(exitCode, stderr).toBe(0);
  expect(stderr).toBe("");
  return stdout;
}

describe("the page about scaling", () => {
  test.each(commands)("has a command that works: %s", async (line) => {
    const place = await folder();
    await writeFile(join(place, "scenario.json"), snippetsOf(page, "json")[0] ?? "");
    const [npx, name, command, ...parameters] = line.split(/\s+/);
    expect([npx, name, command]).toEqual(["npx", "tsworker", "forecast"]);
    const isFile = (word: string): boolean => /\.(?:json|svg)$/.test(word);
    const output = await printed(...parameters.map((word) => (isFile(word) ? join(place, word) : word)));
    expect(output).toContain("simulated  01:00:00");
    for (const file of parameters.filter(isFile)) {
      expect(await readFile(join(place, file), "utf8")).not.toBe("");
    }
  });

  test("shows what the scenario beside it comes to", async () => {
    const shown = snippetsOf(page, "text").filter((snippet) => /p50/.test(snippet));
    expect(shown).toHaveLength(2);
    // As a process of its own.
    const command = tsworker("forecast", root("examples/scenarios/spike.json"));
    expect(await command.exitCode, command.stderr()).toBe(0);
    const output = command.stdout();
    for (const line of shown.join("").trimEnd().split("\n")) expect(output).toContain(line.trimEnd());
  });

  test("has the scenario that is among the examples", async () => {
    expect(JSON.parse(snippetsOf(page, "json")[0] ?? "")).toEqual(
      JSON.parse(await textOf("examples/scenarios/spike.json")),
    );
  });
});

test.each(["day", "bursts", "from-zero"])("the example %s can be played", async (name) => {
  expect(await printed(root(`examples/scenarios/${name}.json`))).toMatch(/^cost +\$\d/m);
});

test("the earlier name of the command, simulate, does the same", async () => {
  const scenario = root("examples/scenarios/day.json");
  const { exitCode, stdout } = await tsworkerHere("simulate", scenario);
  expect(exitCode).toBe(0);
  expect(stdout).toBe(await printed(scenario));
});

test("the plot is a complete file, light and dark, with a line for each measure", async () => {
  const file = join(await folder(), "plot.svg");
  await printed(root("examples/scenarios/spike.json"), "--svg", file);
  const plot = await readFile(file, "utf8");
  expect(plot).toMatch(/^<svg .*<\/svg>\n$/s);
  expect(plot).toContain("prefers-color-scheme: dark");
  const lines = [...plot.matchAll(/data-line="(\w+)"/g)].map(([, name]) => name);
  expect(lines).toEqual(
    "capacity wanted load active inactive rising failed p99 p50 waiting dollars".split(" "),
  );
  expect(plot).not.toMatch(/NaN|Infinity|undefined/);
});

test("the numbers are written as data, with the requested seed", async () => {
  const file = join(await folder(), "numbers.json");
  await printed(root("examples/scenarios/spike.json"), "--json", file, "--seed", "5");
  const { samples, summary } = JSON.parse(await readFile(file, "utf8"));
  expect(summary.seed).toBe(5);
  expect(samples.at(-1)).toMatchObject({ at: 3600, cost: summary.cost.total });
});

describe("one clear error and the exit code 1:", () => {
  const wrong = async (text: string): Promise<string> => {
    const file = join(await folder(), "wrong.json");
    await writeFile(file, text);
    return file;
  };

  test.each([
    ["a file that is not there", async () => ["/no/such.json"], "cannot read /no/such.json"],
    ["a file that is no JSON", async () => [await wrong("{")], "is no JSON"],
    [
      "a faulty scenario",
      async () => [await wrong('{"duration":1}')],
      "load: expected a shape: steady, sine",
    ],
    [
      "a seed that is no number",
      async () => [root("examples/scenarios/spike.json"), "--seed", "x"],
      "It must be an integer.",
    ],
    [
      "a plot that cannot be written",
      async () => [root("examples/scenarios/spike.json"), "--svg", "/dev/null/x.svg"],
      "cannot write /dev/null/x.svg",
    ],
  ])("%s", async (_, parameters, reason) => {
    const { exitCode, stderr } = await tsworkerHere("forecast", ...(await parameters()));
    expect(exitCode).toBe(1);
    expect(stderr).toContain(reason);
    expect(stderr).not.toContain("    at ");
  });
});
