import { Command, CommanderError, type Option } from "commander";
import { TsworkerError } from "../shared/errors.js";
import { ignoreOutputErrors } from "../shared/output-errors.js";
import { VERSION } from "../shared/package-root.js";
import { addCallCommand } from "./call/call-command.js";
import { addDeployCommand } from "./deploy/deploy-command.js";
import { addDevCommand } from "./dev/dev-command.js";
import { addEngineCommand } from "./engine/engine-command.js";
import { addForecastCommand } from "./forecast/forecast-command.js";
import { addGatewayCommand } from "./gateway/gateway-command.js";
import { addInitCommand } from "./init/init-command.js";
import { addInspectCommand } from "./inspect/inspect-command.js";
import { addLoadCommand } from "./load/load-command.js";
import { addMachinesCommand } from "./machines/machines-command.js";
import { addProxyCommand } from "./proxy/proxy-command.js";
import { addRunCommand, addSimulatedWorkerCommand } from "./run/run-command.js";
import { addServeCommand } from "./serve/serve-command.js";
import { addSimCommand } from "./sim/sim-command.js";

/**
 * Runs the command line and resolves to its exit code: 0 when a command succeeds, 1 for an error that the user can
 * correct, which is printed in one line. Internal errors are thrown.
 *
 * @param argv - as `process.argv`.
 */
export async function run(argv: readonly string[]): Promise<number> {
  ignoreOutputErrors();
  try {
    await tsworkerProgram().parseAsync(withLongFlags(argv));
    return 0;
  } catch (error) {
    // Commander has printed the reason; --help and --version have the code 0.
    if (error instanceof CommanderError) return error.exitCode;
    // By its name: a program that was run may have a copy of this package of its own.
    if (!(error instanceof Error) || error.name !== TsworkerError.name) throw error;
    console.error(wrapped(`error: ${error.message}`, process.stderr.columns));
    return 1;
  }
}

/** Breaks lines between words to fit a terminal; undefined: the output is no terminal. */
function wrapped(text: string, width: number | undefined): string {
  if (width === undefined) return text;
  const fits = new RegExp(`(.{1,${Math.max(width - 1, 20)}})(?: |$)`, "g");
  return text
    .split("\n")
    .map((line) => line.replace(fits, "$1\n").trimEnd())
    .join("\n");
}

const COMMANDS = [
  addProxyCommand,
  addInitCommand,
  addDevCommand,
  addRunCommand,
  addServeCommand,
  addDeployCommand,
  addSimCommand,
  addEngineCommand,
  addGatewayCommand,
  addCallCommand,
  addLoadCommand,
  addInspectCommand,
  addMachinesCommand,
  addForecastCommand,
  addSimulatedWorkerCommand,
];

/** The command line with all its commands. */
export function tsworkerProgram(): Command {
  const program = new Command("tsworker")
    .description(
      "Tools around a tsworker: workers, a local serverless engine, simulated models, requests and load tests, a worker's inspector, its state machines.",
    )
    .version(VERSION)
    .exitOverride()
    // Options after the argument of `run` belong to the program.
    .enablePositionalOptions()
    .showHelpAfterError("(see --help)");
  for (const add of COMMANDS) add(program);
  reportMistakesFirst(program);
  return program;
}

/**
 * Changes the order in which commander reports errors, for a command and its subcommands: unknown options and missing
 * arguments come before missing required options, because they are often the reason for those.
 */
function reportMistakesFirst(command: Command): void {
  for (const option of command.options) checkValue(command, option);
  const required = command.options.filter(({ mandatory }) => mandatory);
  for (const option of required) option.makeOptionMandatory(false);
  // Unknown options and arguments are checked by then.
  if (required.length > 0) command.hook("preAction", (_, actual) => checkRequired(actual, required));
  for (const each of command.commands) reportMistakesFirst(each);
}

/** Commander accepts another option as the value of an option; this is an error here. */
function checkValue(command: Command, option: Option): void {
  const { short = "", long = "", flags, required, parseArg } = option;
  if (!required) return;
  option.argParser((value: string, previous: unknown) => {
    // `-endpoint`, which is read as `-e ndpoint`.
    const mistyped = command.options.find((each) => short !== "" && each.long === `-${short}${value}`);
    if (mistyped !== undefined) {
      command.error(`error: unknown option '${short}${value}'\n(Did you mean ${mistyped.long}?)`);
    }
    if (command.options.some((each) => value === each.short || value === each.long)) {
      command.error(`error: option '${flags}' argument missing: what follows ${long} is the option ${value}`);
    }
    return parseArg === undefined ? value : parseArg(value, previous);
  });
}

function checkRequired(command: Command, required: readonly Option[]): void {
  const missing = required.filter((option) => command.getOptionValue(option.attributeName()) === undefined);
  if (missing.length === 0) return;
  const names = missing.map(({ flags }) => `'${flags}'`).join(" and ");
  command.error(`error: required option${missing.length === 1 ? "" : "s"} ${names} not specified`);
}

/** Flags with one dash and several letters, as the reference's load tester has them, and what they are here. */
const LONG: Readonly<Record<string, string>> = { "-rps": "--rps" };

/**
 * The command line with such flags of `tsworker load` in two dashes: commander takes `-rps` for the three flags
 * `-r`, `-p` and `-s`.
 *
 * @param argv as `process.argv`.
 */
export function withLongFlags(argv: readonly string[]): readonly string[] {
  if (argv[2] !== "load") return argv;
  return argv.map((argument) => {
    const [flag = "", ...value] = argument.split("=");
    return flag in LONG ? [LONG[flag], ...value].join("=") : argument;
  });
}
