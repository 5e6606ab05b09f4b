import { pathToFileURL } from "node:url";
import type { Command } from "commander";
import { register } from "tsx/esm/api";
import { TsworkerError } from "../errors.js";
import { workerFile } from "./worker-file.js";

/** `tsworker run`: a worker, or any other program, in this very process; TypeScript needs no build step. */
export function addRunCommand(program: Command): void {
  program
    .command("run")
    .description("run a worker: a file in TypeScript or JavaScript, a folder with a worker.ts, or an example")
    .argument("<worker>", "file such as ./worker.ts, or an example such as vllm, or vllm/client")
    .argument("[arguments...]", "what the program is given")
    .passThroughOptions()
    .action(runProgram);
}

async function runProgram(worker: string, given: readonly string[]): Promise<void> {
  const file = workerFile(worker);
  process.argv = [process.execPath, file, ...given];
  // Errors name the lines of the TypeScript that was written.
  process.setSourceMapsEnabled(true);
  register();
  try {
    await import(pathToFileURL(file).href);
  } catch (cause) {
    const isAtHome = process.env.WORKER_PORT === undefined && process.env.CONTAINER_ID === undefined;
    if (!(cause instanceof TsworkerError) || cause.code !== "ENVIRONMENT_INVALID" || !isAtHome) throw cause;
    const advice = `on an instance the platform sets them; to try it here: npx tsworker dev ${worker}`;
    throw new TsworkerError(cause.code, `${cause.message}\n${advice}`, { cause });
  }
}
