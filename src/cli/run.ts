import { CommanderError } from "commander";
import { TsworkerError } from "../shared/errors.js";
import { ignoreOutputErrors } from "../shared/output-errors.js";
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
    console.error(inWords(`error: ${error.message}`, process.stderr.columns));
    return 1;
  }
}

/** Text in lines that a terminal of this width need not break within words; undefined: the output is no terminal. */
function inWords(text: string, width: number | undefined): string {
  if (width === undefined) return text;
  const fits = new RegExp(`(.{1,${Math.max(width - 1, 20)}})(?: |$)`, "g");
  return text
    .split("\n")
    .map((line) => line.replace(fits, "$1\n").trimEnd())
    .join("\n");
}
