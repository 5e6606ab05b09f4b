import { type Command, InvalidArgumentError, Option } from "commander";
import { MACHINE_NAMES, type MachineName } from "../../inspector/chart/chart.js";
import { onDemand } from "../command/on-demand.js";

/** `tsworker machines`: the state machines as text or pictures. */
export function addMachinesCommand(program: Command): void {
  program
    .command("machines")
    .description("print the state machines that a worker is made of")
    .argument("[name]", `one of ${MACHINE_NAMES.join(", ")} (default: all)`, machineName)
    .addOption(
      new Option("--format <format>", "what to print").choices(["mermaid", "svg", "json"]).default("mermaid"),
    )
    .option("--out <folder>", "write a file for each machine instead of printing")
    .action(onDemand(() => import("./machines-action.js")));
}

function machineName(text: string): MachineName {
  const name = MACHINE_NAMES.find((each) => each === text);
  if (name === undefined) throw new InvalidArgumentError(`It must be one of ${MACHINE_NAMES.join(", ")}.`);
  return name;
}
