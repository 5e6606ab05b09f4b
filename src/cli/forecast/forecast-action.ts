import { readFile, writeFile } from "node:fs/promises";
import type { Command } from "commander";
import { parseScenario, simulate } from "../../engine/index.js";
import { plotOf } from "./forecast-plot.js";
import { samplesTable, summaryText } from "./forecast-report.js";

interface ForecastCommandOptions {
  readonly svg?: string;
  readonly json?: string;
  readonly seed?: number;
}

/** Runs `tsworker forecast`. */
export async function run(
  file: string,
  { svg, json, seed }: ForecastCommandOptions,
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
