/** The module of an action: what `run` does is what the command is for. */
interface Action<Given extends readonly unknown[]> {
  /** @param given as commander calls an action. */
  run(...given: Given): void | Promise<void>;
}

/**
 * Makes the action of a command from a module that is loaded when the command runs. At every start, whatever the command,
 * the declarations of all commands are loaded (`*-command.ts`: names, options and help, which import nothing large), and
 * of what commands do (`*-action.ts`) only what is asked for.
 *
 * @param load imports the module.
 */
export function onDemand<Given extends readonly unknown[]>(
  load: () => Promise<Action<Given>>,
): (...given: Given) => Promise<void> {
  return async (...given) => (await load()).run(...given);
}
