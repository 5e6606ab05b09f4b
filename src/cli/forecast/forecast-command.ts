import { type Command, InvalidArgumentError } from "commander";
import { onDemand } from "../command/on-demand.js";

/** `tsworker forecast`: the engine's scaling rules on a simulated clock. */
export function addForecastCommand(program: Command): void {
  program
    .command("forecast")
    .alias("simulate")
    .description(
      "forecast workers, waits and cost of a scenario with the engine's scaling rules, on a simulated clock",
    )
    .argument("<scenario>", "JSON file that describes load and workers")
    .option("--svg <file>", "write a plot")
    .option("--json <file>", "write the samples and the summary")
    .option("--seed <number>", "seed, in place of the scenario's", integer)
    .action(onDemand(() => import("./forecast-action.js")));
}

function integer(text: string): number {
  const value = Number(text);
  if (text.trim() === "" || !Number.isSafeInteger(value)) {
    throw new InvalidArgumentError("It must be an integer.");
  }
  return value;
}
