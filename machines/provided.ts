import type { ActorLogic, EventObject, Snapshot } from "xstate";

/**
 * Stands for an actor that the runtime gives with `machine.provide({ actors })`. Starting it is an error, so that
 * a machine never runs on with a part missing.
 */
export function provided<TSnapshot extends Snapshot<unknown>, TEvent extends EventObject, TInput>(
  name: string,
): ActorLogic<TSnapshot, TEvent, TInput> {
  const refuse = (): never => {
    throw new Error(
      `the actor "${name}" is not provided: give it with machine.provide({ actors: { ${name} } })`,
    );
  };
  return { getInitialSnapshot: refuse, transition: refuse, getPersistedSnapshot: refuse };
}
