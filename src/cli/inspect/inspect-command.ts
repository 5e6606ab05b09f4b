import { type Command, Option } from "commander";
import { onDemand } from "../command/on-demand.js";
import { countOrAll } from "../command/option-values.js";

/** For options that may come more than once. */
const collected = (text: string, earlier: readonly string[] = []): readonly string[] => [...earlier, text];

/** `tsworker inspect`: prints the events of a worker's actors until the worker ends, or a signal. */
export function addInspectCommand(program: Command): void {
  program
    .command("inspect")
    .description("print what a worker's actors do, live, and record it; the worker runs with INSPECT=1")
    .argument(
      "[url]",
      "the worker's second port, such as http://127.0.0.1:3001 (default: that of the local worker)",
    )
    .addOption(
      new Option("--token <token>", "token of the inspector, where it asks for one").env("INSPECT_TOKEN"),
    )
    .option("--actor <id>", "only records of this actor, such as 'queue.*' (repeatable)", collected)
    .option(
      "--event <text>",
      "only events of which the type holds this, or matches it, such as 'request.*' (repeatable)",
      collected,
    )
    .option("--requests", "only requests that have ended, and where their time went")
    .option("--errors", "only errors and warnings")
    .option("--past <count>", "selected records of the past to begin with, or all", countOrAll, 20)
    .option("--json", "one record per line, as JSON")
    .option(
      "--record <file>",
      "also write everything, selected or not, into a file that the inspector's page opens",
    )
    .addHelpText(
      "after",
      "\n--event, --requests and --errors add up. Lines go to standard output, all else to standard error.",
    )
    .action(onDemand(() => import("./inspect-action.js")));
}
