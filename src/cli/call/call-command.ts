import type { Command } from "commander";
import { addEngineFlags } from "../command/engine-flags.js";
import { onDemand } from "../command/on-demand.js";

/** `tsworker call`: one request through an engine, and its answer. */
export function addCallCommand(program: Command): void {
  const command = program
    .command("call")
    .description("send one request through an engine and print the answer, a stream as it comes")
    .argument("<route>", "route of the worker, such as /v1/completions")
    .argument("<json>", "the payload, a JSON object; - reads it from standard input");
  addEngineFlags(command)
    .option(
      "--raw",
      "print the bytes of the answer as they are, instead of JSON indented and one event per line",
    )
    .addHelpText(
      "after",
      "\nAn answer that is not 2xx goes to standard error, and the exit code is 1.\n\n" +
        "While tsworker dev or tsworker engine runs on this machine:\n" +
        `  tsworker call /v1/completions '{"prompt": "Hello", "max_tokens": 8}'`,
    )
    .action(onDemand(() => import("./call-action.js")));
}
