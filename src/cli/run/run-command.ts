import type { Command } from "commander";
import { onDemand } from "../on-demand.js";

/** `tsworker run`: a worker, or any other program, in this very process; TypeScript needs no build step. */
export function addRunCommand(program: Command): void {
  program
    .command("run")
    .description("run a worker: a file in TypeScript or JavaScript, a folder with a worker.ts, or an example")
    .argument("<worker>", "file such as ./worker.ts, or an example such as vllm, or vllm/client")
    .argument("[arguments...]", "what the program is given")
    .passThroughOptions()
    .action(onDemand(() => import("./run-action.js")));
}
