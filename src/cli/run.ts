import { CommanderError } from "commander";
import { TsworkerError } from "../errors.js";
import { ignoreOutputErrors } from "../output-errors.js";
import { withLongFlags } from "./load/load-flags.js";
import { tsworkerProgram } from "./program.js";

/**
 * Runs the command line and resolves to its exit code: 0 when a command ended as asked, 1 for anything that a
 * person has to change, which is told in one line. Faults of the program itself are thrown.
 *
 * @param argv - as `process.argv`.
 */
export async function run(argv: readonly string[]): Promise<number> {
  ignoreOutputErrors();
  try {
    await tsworkerProgram().parseAsync(withLongFlags(argv));
    return 0;
  } catch (error) {
    // Commander has told the reason by then; a help or version that was asked for has the code 0.
    if (error instanceof CommanderError) return error.exitCode;
    // By its name: a program that was run may have a copy of this package of its own.
    if (!(error instanceof Error) || error.name !== TsworkerError.name) throw error;
    console.error(`error: ${error.message}`);
    return 1;
  }
}
