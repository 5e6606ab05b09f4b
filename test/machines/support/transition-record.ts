import type { AnyStateMachine, AnyStateNode, AnyTransitionDefinition, InspectionEvent } from "xstate";

/** A transition's name: its state, its event, and its place among the state's transitions of that event. */
const nameOf = (state: AnyStateNode, event: string, index: number): string =>
  `${state.id}: ${event === "" ? "always" : event} #${index}`;

function* statesOf(state: AnyStateNode): Generator<AnyStateNode> {
  yield state;
  for (const child of Object.values(state.states)) yield* statesOf(child);
}

/** The lists of transitions of a state, by event. */
function transitionsOf(
  state: AnyStateNode,
): readonly (readonly [string, readonly AnyTransitionDefinition[]])[] {
  return [...state.transitions, ["", state.always ?? []]];
}

/** Keeps which transitions were taken and which states were entered, of all machines of the systems it inspects. */
export class TransitionRecord {
  readonly #taken = new Set<string>();
  readonly #entered = new Set<string>();

  readonly inspect = (event: InspectionEvent): void => {
    if (event.type !== "@xstate.microstep") return;
    for (const taken of event._transitions) {
      // A state that is left in the very first step is in no snapshot.
      this.#entered.add(taken.source.id);
      const list = transitionsOf(taken.source).find(([, each]) => each.includes(taken));
      if (list !== undefined) this.#taken.add(nameOf(taken.source, list[0], list[1].indexOf(taken)));
    }
    const { _nodes: entered } = event.snapshot as { readonly _nodes?: readonly AnyStateNode[] };
    for (const { id } of entered ?? []) this.#entered.add(id);
  };

  /** Transitions of a machine that were never taken. */
  untaken({ root }: AnyStateMachine): readonly string[] {
    return [...statesOf(root)]
      .flatMap((state) =>
        transitionsOf(state).flatMap(([event, list]) => list.map((_, index) => nameOf(state, event, index))),
      )
      .filter((name) => !this.#taken.has(name));
  }

  /** States of a machine that were never entered. */
  unentered({ root }: AnyStateMachine): readonly string[] {
    return [...statesOf(root)].map(({ id }) => id).filter((id) => !this.#entered.has(id));
  }
}
