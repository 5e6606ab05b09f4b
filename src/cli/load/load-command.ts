import { type Command, InvalidArgumentError, Option } from "commander";
import { type FailCondition, readFailConditions } from "../../load/fail-conditions.js";
import { PAYLOAD_ORDERS } from "../../load/payloads.js";
import { PROFILES } from "../../load/schedule.js";
import { addEngineFlags } from "../command/engine-flags.js";
import { onDemand } from "../command/on-demand.js";
import { count, numberFrom, positive, seconds } from "../command/option-values.js";

/** `tsworker load`: sends requests through an engine and measures them. */
export function addLoadCommand(program: Command): void {
  const command = program
    .command("load")
    .description("test an endpoint under load: send requests through an engine and measure them");
  addEngineFlags(command)
    .option("-n, --requests <count>", "how many requests to send", count)
    .option("--rps <rate>", "how many arrive per second, on average; -rps is the same", positive)
    .option("--duration <seconds>", "how long requests are sent", seconds)
    .addOption(
      new Option("--profile <profile>", "how the rate goes up and down").choices(PROFILES).default("steady"),
    )
    .option(
      "--concurrency <count>",
      "keep so many requests in flight instead, each starting when another ends",
      count,
    )
    .option("--max-in-flight <count>", "requests in flight beyond which arrivals are not sent", count, 1000)
    .option("--route <path>", "route of the worker", "/v1/completions")
    .option("--payload <file>", "what to send: a JSON object, an array of them, or one per line")
    .addOption(
      new Option("--order <order>", "how to choose among several payloads")
        .choices(PAYLOAD_ORDERS)
        .default("turn"),
    )
    .option("--seed <number>", "seed of --order random", numberFrom(0), 1)
    .option("--stream", "ask for streams: payloads are sent with stream: true")
    .option("--json <file>", "write the result as JSON")
    .option("--html <file>", "write the report as a page with plots")
    .option("--interval <seconds>", "time between two lines where there is no terminal", seconds, 1)
    .option(
      "--fail-on <conditions>",
      "exit code 3 where one is met, such as errors>1%,p99>2s",
      failConditions,
      [],
    )
    .addHelpText(
      "after",
      "\nProgress goes to standard error, the report to standard output." +
        "\nCtrl-C ends the test with its report and the exit code 130; a second one ends it at once.",
    )
    .action(onDemand(() => import("./load-action.js")));
}

function failConditions(text: string): readonly FailCondition[] {
  try {
    return readFailConditions(text);
  } catch (error) {
    throw new InvalidArgumentError(error instanceof Error ? error.message : String(error));
  }
}
