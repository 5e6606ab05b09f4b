import { Command, CommanderError } from "commander";
import { TsworkerError } from "../errors.js";
import { VERSION } from "../package-root.js";
import { addCallCommand } from "./call-command.js";
import { addDevCommand } from "./dev-command.js";
import { addEngineCommand } from "./engine-command.js";
import { addInspectCommand } from "./inspect-command.js";
import { addLoadCommand } from "./load-command.js";
import { withLongFlags } from "./load-flags.js";
import { addMachinesCommand } from "./machines-command.js";
import { addRunCommand } from "./run-command.js";
import { addSimCommand } from "./sim/sim-command.js";
import { addSimulateCommand } from "./simulate-command.js";
import { addSimulatedWorkerCommand } from "./simulated-worker-command.js";

/**
 * Runs the command line and resolves to its exit code: 0 when a command ended as asked, 1 for anything that a
 * person has to change, which is told in one line. Faults of the program itself are thrown.
 *
 * @param argv - as `process.argv`.
 */
export async function run(argv: readonly string[]): Promise<number> {
  const program = new Command("tsworker")
    .description(
      "Tools around a tsworker: workers, a local serverless engine, simulated models, requests and load tests, a look into a worker, its state machines.",
    )
    .version(VERSION)
    .exitOverride()
    .enablePositionalOptions()
    .showHelpAfterError("(see --help)");
  addRunCommand(program);
  addDevCommand(program);
  addEngineCommand(program);
  addSimCommand(program);
  addCallCommand(program);
  addLoadCommand(program);
  addSimulatedWorkerCommand(program);
  addInspectCommand(program);
  addMachinesCommand(program);
  addSimulateCommand(program);
  try {
    await program.parseAsync(withLongFlags(argv));
    return 0;
  } catch (error) {
    // Commander has told the reason by then; a help or version that was asked for has the code 0.
    if (error instanceof CommanderError) return error.exitCode;
    if (!(error instanceof TsworkerError)) throw error;
    console.error(`error: ${error.message}`);
    return 1;
  }
}
