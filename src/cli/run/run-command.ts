import type { Command } from "commander";
import { onDemand } from "../command/on-demand.js";
import { count, numberFrom, positive } from "../command/option-values.js";

/** `tsworker run`: runs a worker, or any other program, in this process; TypeScript needs no build step. */
export function addRunCommand(program: Command): void {
  program
    .command("run")
    .description("run a worker: a file in TypeScript or JavaScript, a folder with a worker.ts, or an example")
    .argument("<worker>", "file such as ./worker.ts, or an example such as vllm, or vllm/client")
    .argument("[arguments...]", "arguments of the program")
    .option(
      "--standalone",
      "take plain requests without an engine: with the keys of API_KEYS or API_KEYS_FILE, or else open on loopback; after an example's name, too",
      false,
    )
    .passThroughOptions()
    .action(onDemand(() => import("./run-action.js")));
}

/**
 * `tsworker simulated-worker`: a worker with a simulated model, the engine's default worker.
 */
export function addSimulatedWorkerCommand(program: Command): void {
  program
    .command("simulated-worker", { hidden: true })
    .description("run a worker with a simulated model; it reads the environment that every worker reads")
    .option("--load-seconds <seconds>", "time to load", numberFrom(0), 1)
    .option("--tokens-per-second <rate>", "rate of each request", positive, 100)
    .option("--max-concurrency <count>", "requests that run at once", count, 8)
    .action(onDemand(() => import("./simulated-worker-action.js")));
}
