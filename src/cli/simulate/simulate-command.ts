import { type Command, InvalidArgumentError } from "commander";
import { onDemand } from "../on-demand.js";

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
    .action(onDemand(() => import("./simulate-action.js")));
}

function integer(text: string): number {
  const value = Number(text);
  if (text.trim() === "" || !Number.isSafeInteger(value)) {
    throw new InvalidArgumentError("It must be an integer.");
  }
  return value;
}
