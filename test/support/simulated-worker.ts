import { fileURLToPath } from "node:url";

/** The simulated worker of the command line as a command of its own, which loads at once. */
export const SIMULATED_WORKER: readonly string[] = [
  process.execPath,
  "--import",
  import.meta.resolve("tsx"),
  fileURLToPath(new URL("../../src/cli/main.ts", import.meta.url)),
  "simulated-worker",
  "--load-seconds",
  "0",
  "--tokens-per-second",
  "500",
];
