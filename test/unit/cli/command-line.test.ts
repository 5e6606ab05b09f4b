import type { Command } from "commander";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import { run, tsworkerProgram, withLongFlags } from "../../../src/cli/command-line.js";

/** The first line that a refused command line prints. */
async function refusal(...words: readonly string[]): Promise<string> {
  let said = "";
  const stderr = vi.spyOn(process.stderr, "write").mockImplementation((text) => {
    said += text;
    return true;
  });
  onTestFinished(() => stderr.mockRestore());
  expect(await run(["node", "tsworker", ...words])).toBe(1);
  return said.replace(/^error: |\(see --help\)\n$/g, "").trim();
}

/** Every command that does something, by its words. */
function commands(command: Command = tsworkerProgram(), words: readonly string[] = []): readonly string[][] {
  if (command.commands.length === 0) return [[...words]];
  return command.commands.flatMap((each) => commands(each, [...words, each.name()]));
}

/** A command's first argument, where it must have one. */
const first = (words: readonly string[]): string | undefined => {
  const found = words.reduce<Command | undefined>(
    (command, word) => command?.commands.find((each) => each.name() === word),
    tsworkerProgram(),
  );
  return found?.registeredArguments.find(({ required }) => required)?.name();
};

describe("whatever else is missing, what is named first is", () => {
  test.each(commands().map((words) => [words.join(" "), words] as const))(
    "a mistyped option of %s",
    async (_, words) => {
      expect(await refusal(...words, "--hepl")).toBe("unknown option '--hepl'\n(Did you mean --help?)");
    },
  );

  test.each(
    commands()
      .filter((words) => first(words) !== undefined)
      .map((words) => [words.join(" "), words] as const),
  )("a missing argument of %s", async (_, words) => {
    expect(await refusal(...words)).toBe(`missing required argument '${first(words)}'`);
  });

  test.each([
    [
      "a mistyped option with a value",
      ["engine", "--endpont", "e"],
      "unknown option '--endpont'\n(Did you mean --endpoint?)",
    ],
    [
      "a mistyped option beside too few arguments",
      ["call", "/x", "--api-kye", "k"],
      "unknown option '--api-kye'\n(Did you mean --api-key?)",
    ],
    [
      "a long option with one dash",
      ["call", "/x", "{}", "-endpoint", "e"],
      "unknown option '-endpoint'\n(Did you mean --endpoint?)",
    ],
    [
      "an option without its value",
      ["call", "/x", "{}", "-e", "-k", "k"],
      /^option '-e, --endpoint <name>' argument missing: what follows --endpoint is the option -k$/,
    ],
    [
      "an option without its value at the end",
      ["engine", "--api-key"],
      "option '--api-key <key>' argument missing",
    ],
    ["a mistyped command", ["laod"], "unknown command 'laod'\n(Did you mean load?)"],
    ["a mistyped kind", ["sim", "vlm"], "unknown command 'vlm'\n(Did you mean vllm?)"],
  ])("%s", async (_, words, message) => {
    expect(await refusal(...words)).toMatch(message);
  });
});

test("all required options that are missing are named at once", async () => {
  expect(await refusal("engine")).toBe(
    "required options '--endpoint <name>' and '--api-key <key>' not specified",
  );
  expect(await refusal("engine", "--endpoint", "e")).toBe("required option '--api-key <key>' not specified");
});

const rest = (...words: readonly string[]): readonly string[] =>
  withLongFlags(["node", "tsworker", ...words]).slice(2);

test("-rps of the load tester is --rps", () => {
  expect(rest("load", "-n", "10", "-rps", "50")).toEqual(["load", "-n", "10", "--rps", "50"]);
  expect(rest("load", "-rps=50")).toEqual(["load", "--rps=50"]);
});

test("nothing else is touched, and no other command", () => {
  expect(rest("load", "-e", "rps", "--rps", "5")).toEqual(["load", "-e", "rps", "--rps", "5"]);
  expect(rest("call", "-rps", "50")).toEqual(["call", "-rps", "50"]);
});
