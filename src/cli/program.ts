import { Command } from "commander";
import { VERSION } from "../shared/package-root.js";
import { addCallCommand } from "./call/call-command.js";
import { addDevCommand } from "./dev/dev-command.js";
import { addEngineCommand } from "./engine/engine-command.js";
import { addInitCommand } from "./init/init-command.js";
import { addInspectCommand } from "./inspect/inspect-command.js";
import { addLoadCommand } from "./load/load-command.js";
import { addMachinesCommand } from "./machines/machines-command.js";
import { reportMistakesFirst } from "./mistakes-first.js";
import { addRunCommand } from "./run/run-command.js";
import { addSimCommand } from "./sim/sim-command.js";
import { addSimulateCommand } from "./simulate/simulate-command.js";
import { addSimulatedWorkerCommand } from "./simulated-worker/simulated-worker-command.js";

const COMMANDS = [
  addInitCommand,
  addDevCommand,
  addRunCommand,
  addSimCommand,
  addEngineCommand,
  addCallCommand,
  addLoadCommand,
  addInspectCommand,
  addMachinesCommand,
  addSimulateCommand,
  addSimulatedWorkerCommand,
];

/** The command line with all its commands. */
export function tsworkerProgram(): Command {
  const program = new Command("tsworker")
    .description(
      "Tools around a tsworker: workers, a local serverless engine, simulated models, requests and load tests, a look into a worker, its state machines.",
    )
    .version(VERSION)
    .exitOverride()
    // What `run` is given belongs to the program that it runs.
    .enablePositionalOptions()
    .showHelpAfterError("(see --help)");
  for (const add of COMMANDS) add(program);
  reportMistakesFirst(program);
  return program;
}
