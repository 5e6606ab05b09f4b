import type { Command, Option } from "commander";
import { describe, expect, test } from "vitest";
import { tsworkerProgram } from "../../../src/cli/command-line.js";
import { SIM_KINDS } from "../../../src/cli/sim/sim-kinds.js";
import { CLOSINGS } from "../../../src/simulator/closing.js";
import { LOAD_ERRORS } from "../../../src/simulator/comfyui/load-error.js";
import { FAILURES } from "../../../src/simulator/simulator-options.js";
import { codeOf, rowsBelow, textOf } from "../support/documents.js";
import { interfacesOf } from "../support/interfaces.js";

const page = await textOf("docs/simulators.md");
const NAMES = SIM_KINDS.map(({ name }) => name);

const simCommand = tsworkerProgram().commands.find((command) => command.name() === "sim");
const commandOf = (kind: string): Command | undefined =>
  simCommand?.commands.find((command) => command.name() === kind);
const flagsOf = (kind: string): readonly Option[] => commandOf(kind)?.options ?? [];

/** The headings of each kind's flags, besides those of all kinds. */
const HEADINGS: Readonly<Record<string, readonly string[]>> = {
  vllm: ["Language models", "vllm, sglang"],
  sglang: ["Language models", "vllm, sglang"],
  "llama-cpp": ["Language models", "llama-cpp"],
  tgi: ["Language models", "tgi"],
  "hello-world": ["Language models", "hello-world"],
  comfyui: ["comfyui"],
  training: ["training"],
};

test("the kinds are those of the command, each with its port", () => {
  const reported = rowsBelow(page, "Kinds").map(([kind, , port]) => [codeOf(kind), Number(port)]);
  expect(reported).toHaveLength(SIM_KINDS.length);
  expect(new Map(reported as [string, number][])).toEqual(
    new Map(SIM_KINDS.map(({ name, port }) => [name, port])),
  );
});

test.each(SIM_KINDS)("the routes of $name are those that it serves", async (kind) => {
  const routesOf = (name: string): readonly string[] => {
    const [, , , cell = ""] = rowsBelow(page, "Kinds").find(([first]) => codeOf(first) === name) ?? [];
    if (cell.startsWith("as ")) return routesOf(codeOf(cell));
    return [...cell.matchAll(/`([^`]+)`/g)].map(([, route = ""]) => route);
  };
  const model = await kind.model({});
  const served = [...model.routes.keys(), ...(model.upgrade ? ["/ws"] : [])];
  expect(routesOf(kind.name).toSorted()).toEqual(served.filter((route) => route !== "/health").toSorted());
});

describe.each(NAMES)("the flags of %s", (kind) => {
  const rows = ["Flags of all kinds", ...(HEADINGS[kind] ?? [])].flatMap((heading) =>
    rowsBelow(page, heading),
  );

  test("have a row each, and nothing else has", () => {
    expect(rows.map(([flag]) => codeOf(flag)).toSorted()).toEqual(
      flagsOf(kind)
        .map(({ flags }) => flags)
        .toSorted(),
    );
  });

  test.each(flagsOf(kind).map((option) => [option.flags, option] as const))(
    "have the default of %s",
    (flags, { defaultValue, argChoices }) => {
      const [, meaning = "", otherwise = ""] = rows.find(([flag]) => codeOf(flag) === flags) ?? [];
      expect(meaning.length).toBeGreaterThan(5);
      if (flags === "--port <port>") expect(otherwise).toBe("that of the kind");
      else if (defaultValue === undefined)
        expect(otherwise).toMatch(/^(none|nothing|never|no limit|that of the kind|`file` for)/);
      else expect(codeOf(otherwise)).toBe(String(defaultValue));
      if (argChoices && !flags.startsWith("--fail")) {
        for (const choice of argChoices) expect(meaning).toContain(`\`${choice}\``);
      }
    },
  );

  test("fit into 80 columns, as in the command's help", () => {
    const help = commandOf(kind)?.configureHelp({ helpWidth: 80 }).helpInformation() ?? "";
    expect(help).toContain("--fail-at");
    for (const line of help.split("\n")) expect(line.length, line).toBeLessThanOrEqual(80);
  });
});

test("the failures are those that can be chosen", () => {
  expect(rowsBelow(page, "Failures on demand").map(([how]) => codeOf(how))).toEqual([...FAILURES]);
  const [, meaning = ""] =
    rowsBelow(page, "comfyui").find(([flag]) => codeOf(flag).startsWith("--load-error")) ?? [];
  for (const error of LOAD_ERRORS) expect(meaning).toContain(`\`${error}\``);
});

test("each kind closes connections as documented", async () => {
  const reported = rowsBelow(page, "How connections are closed").map(([how, , kinds = ""]) => [
    codeOf(how),
    [...kinds.matchAll(/`([^`]+)`/g)].map(([, kind = ""]) => kind),
  ]);
  const kinds = await Promise.all(
    SIM_KINDS.map(async (kind) => ({ name: kind.name, closing: (await kind.model({})).closing })),
  );
  expect(reported).toEqual(
    CLOSINGS.map((how) => [how, kinds.filter(({ closing }) => closing === how).map(({ name }) => name)]),
  );
});

test("the options of the simulators have the same defaults as the flags", () => {
  const flags = new Map(
    NAMES.flatMap((kind) => flagsOf(kind).map((option) => [option.attributeName(), option] as const)),
  );
  const folder = "src/simulator";
  const properties = [
    `${folder}/simulator-options.ts`,
    `${folder}/language/inference.ts`,
    `${folder}/openai/openai-model.ts`,
    `${folder}/llama-cpp/llama-cpp-model.ts`,
    `${folder}/tgi/tgi-model.ts`,
    `${folder}/comfyui/comfy-model.ts`,
    `${folder}/training/training-model.ts`,
  ].flatMap((file) => [...interfacesOf(file).values()].flat());
  let compared = 0;
  for (const { name, comment } of properties) {
    const [, reported] = /@default "?([^\s"]+)"?$/.exec(comment) ?? [];
    const flag = flags.get(name);
    if (reported === undefined || flag?.defaultValue === undefined || name === "port") continue;
    expect(reported, name).toBe(String(flag.defaultValue));
    compared += 1;
  }
  expect(compared).toBeGreaterThan(14);
});
