import type { Command, Option } from "commander";

/**
 * Changes the order in which commander reports mistakes, for a command and all below it: what was mistyped, or is
 * missing an argument, comes before required options that are missing, because it is often the reason for those.
 */
export function reportMistakesFirst(command: Command): void {
  for (const option of command.options) checkValue(command, option);
  const required = command.options.filter(({ mandatory }) => mandatory);
  for (const option of required) option.makeOptionMandatory(false);
  // Unknown options and arguments are checked by then.
  if (required.length > 0) command.hook("preAction", (_, actual) => checkRequired(actual, required));
  for (const each of command.commands) reportMistakesFirst(each);
}

/** Commander takes whatever follows an option for its value, another option included. */
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
