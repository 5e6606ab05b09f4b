import type { Command } from "commander";
import { onDemand } from "../on-demand.js";
import { count, numberFrom, positive } from "../option-values.js";

/**
 * `tsworker simulated-worker`: a worker with a simulated model, as the engine starts it where it is told no
 * other.
 */
export function addSimulatedWorkerCommand(program: Command): void {
  program
    .command("simulated-worker", { hidden: true })
    .description("run a worker with a simulated model; it reads the environment that every worker reads")
    .option("--load-seconds <seconds>", "time to load", numberFrom(0), 1)
    .option("--tokens-per-second <rate>", "pace of each request", positive, 100)
    .option("--max-concurrency <count>", "requests that run at once", count, 8)
    .action(onDemand(() => import("./simulated-worker-action.js")));
}
