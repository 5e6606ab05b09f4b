import type { Command } from "commander";
import { onDemand } from "../command/on-demand.js";

/** `tsworker serve`: a worker of a deployment, in this process. */
export function addServeCommand(program: Command): void {
  program
    .command("serve")
    .description("run a worker of a deployment: its remote functions run in this process")
    .argument(
      "[file]",
      "the file with defineDeployment(…), in TypeScript or JavaScript (default: the code that the engine has for DEPLOYMENT_ID)",
    )
    .option("--name <name>", "the deployment, where the file has several")
    .addHelpText(
      "after",
      "\nIt reads the environment that every worker reads, such as WORKER_PORT and REPORT_ADDR. tsworker deploy packages a" +
        "\ndeployment, and has the engine start its workers.",
    )
    .action(onDemand(() => import("./serve-action.js")));
}
