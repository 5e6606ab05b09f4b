import type { Command } from "commander";
import { addEngineAddress } from "../command/engine-flags.js";
import { onDemand } from "../command/on-demand.js";
import { seconds } from "../command/option-values.js";

/** `tsworker deploy`: packages a deployment, and has the engine start or update its workers. */
export function addDeployCommand(program: Command): void {
  addEngineAddress(
    program
      .command("deploy")
      .description(
        "package a deployment, and have the engine start its workers, or replace them without downtime",
      )
      .argument("<file>", "the file with defineDeployment(…), in TypeScript or JavaScript")
      .option("--name <name>", "the deployment, where the file has several")
      .option("--label <text>", "label of this version")
      .option(
        "-k, --api-key <key>",
        "key of the account (default: that of the engine on this machine, else VAST_API_KEY)",
      ),
  )
    .option("--timeout <seconds>", "how long to wait until workers are ready", seconds, 600)
    .option("--no-wait", "register only, and do not wait for workers")
    .addHelpText(
      "after",
      "\nWhile an engine that starts workers runs on this machine:\n" +
        "  tsworker engine --endpoint dev --api-key dev --provider process --min-workers 0 --min-load 0\n" +
        "  tsworker deploy deployment.ts",
    )
    .action(onDemand(() => import("./deploy-action.js")));
}
