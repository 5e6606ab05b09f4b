import { fileURLToPath } from "node:url";

/** The simulated worker of the command line as a command of its own, as it was built, which loads at once. */
export const SIMULATED_WORKER: readonly string[] = [
  process.execPath,
  fileURLToPath(new URL("../../dist/src/cli/main.js", import.meta.url)),
  "simulated-worker",
  "--load-seconds",
  "0",
  "--tokens-per-second",
  "500",
];
