import type { Command } from "commander";
import { onDemand } from "../command/on-demand.js";

/** `tsworker init`: a folder with a worker that runs. */
export function addInitCommand(program: Command): void {
  program
    .command("init")
    .description("make a folder with a worker: package.json, tsconfig.json and worker.ts")
    .argument("[folder]", "the folder, which may exist (default: the current one)", ".")
    .option("--example <name>", "copy this example, with what it imports, in place of a small worker")
    .action(onDemand(() => import("./init-action.js")));
}
