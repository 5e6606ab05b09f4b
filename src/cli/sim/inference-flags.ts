import type { Command } from "commander";
import { count, numberFrom, positive, share } from "../option-values.js";

/** The flags of every simulated language model: its pace. */
export function addInferenceFlags(command: Command): void {
  command
    .option("--tokens-per-second <rate>", "pace of each request, as long as there are few", positive, 400)
    .option("--batch-tokens-per-second <rate>", "pace of all requests together, at most", positive, 30_000)
    .option("--prefill-tokens-per-second <rate>", "pace at which prompts are read", positive, 20_000)
    .option("--first-token-ms <ms>", "time to the first token in any case", numberFrom(0), 20)
    .option("--max-concurrency <count>", "requests that run at once (default: no limit)", count)
    .option("--jitter <share>", "how much the pace varies, 0 to 1", share, 0.1)
    .option("--seed <number>", "seed of texts and jitter", numberFrom(0), 1);
}
