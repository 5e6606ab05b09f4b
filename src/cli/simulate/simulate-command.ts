import { readFile, writeFile } from "node:fs/promises";
import { type Command, InvalidArgumentError } from "commander";
import { parseScenario, simulate } from "../../engine/index.js";
import { plotOf } from "./simulate-plot.js";
import { summaryText } from "./simulate-summary.js";
import { samplesTable } from "./simulate-table.js";

interface SimulateCommandOptions {
  readonly svg?: string;
  readonly json?: string;
  readonly seed?: number;
}

/** `tsworker simulate`: the rules of scaling on a simulated clock. */
export function addSimulateCommand(program: Command): void {
  program
    .command("simulate")
    .description(
      "play a scenario of load and workers with the engine's rules of scaling, on a simulated clock",
    )
    .argument("<scenario>", "JSON file that says what is simulated")
    .option("--svg <file>", "write a plot")
    .option("--json <file>", "write the samples and the summary")
    .option("--seed <number>", "another one than the scenario's", integer)
    .action(runSimulate);
}

async function runSimulate(
  file: string,
  { svg, json, seed }: SimulateCommandOptions,
  command: Command,
): Promise<void> {
  const fail = (what: string, error: unknown): never =>
    command.error(`error: ${what}: ${error instanceof Error ? error.message : String(error)}`);
  const text = await readFile(file, "utf8").catch((error: unknown) => fail(`cannot read ${file}`, error));
  const scenario = parseScenario(jsonOf(text, (error) => fail(`${file} is no JSON`, error)));
  const result = simulate({ ...scenario, seed: seed ?? scenario.seed });
  console.log(samplesTable(result.samples));
  console.log(summaryText(result.summary));
  for (const [path, content] of [
    [svg, () => plotOf(result)],
    [json, () => `${JSON.stringify(result)}\n`],
  ] as const) {
    if (path === undefined) continue;
    await writeFile(path, content()).catch((error: unknown) => fail(`cannot write ${path}`, error));
  }
}

function jsonOf(text: string, fail: (error: unknown) => never): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    return fail(error);
  }
}

function integer(text: string): number {
  const value = Number(text);
  if (text.trim() === "" || !Number.isSafeInteger(value)) {
    throw new InvalidArgumentError("It must be an integer.");
  }
  return value;
}
