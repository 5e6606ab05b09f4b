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
  return argv.map((word) => {
    const [flag = "", ...value] = word.split("=");
    return flag in LONG ? [LONG[flag], ...value].join("=") : word;
  });
}
