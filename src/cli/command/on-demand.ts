/** The module of an action. */
interface Action<Given extends readonly unknown[]> {
  /** @param given as commander calls an action. */
  run(...given: Given): void | Promise<void>;
}

/**
 * Loads the action of a command when the command runs. Every start loads the declarations of all commands
 * (`*-command.ts`: names, options and help, which import nothing large) and one action (`*-action.ts`).
 *
 * @param load imports the module.
 */
export function onDemand<Given extends readonly unknown[]>(
  load: () => Promise<Action<Given>>,
): (...given: Given) => Promise<void> {
  return async (...given) => (await load()).run(...given);
}
