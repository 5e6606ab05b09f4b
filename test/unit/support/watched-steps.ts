import type { AnyStateMachine, AnyTransitionDefinition, InspectionEvent, StateValue } from "xstate";
import { edgeIdOf } from "../../../src/inspector/chart/machine-charts.js";

/** An event that a machine took, and what it led over according to xstate itself. */
export interface WatchedStep {
  readonly before: StateValue | undefined;
  readonly event: string;
  readonly after: StateValue;
  readonly edges: readonly string[];
}

/** Watches the machines of one kind in a running system. */
export class WatchedSteps {
  readonly #machine: AnyStateMachine;
  readonly #values = new Map<string, StateValue>();
  readonly #transitions = new Map<string, AnyTransitionDefinition[]>();
  readonly steps: WatchedStep[] = [];

  constructor(machine: AnyStateMachine) {
    this.#machine = machine;
  }

  readonly inspect = (inspected: InspectionEvent): void => {
    const actor = inspected.actorRef.sessionId;
    if (inspected.type === "@xstate.microstep") {
      const so = this.#transitions.get(actor) ?? [];
      this.#transitions.set(actor, [...so, ...inspected._transitions]);
    }
    if (inspected.type !== "@xstate.snapshot") return;
    const { snapshot } = inspected;
    if (!("machine" in snapshot && "value" in snapshot)) return;
    // A machine that was given its actors is another object with the same name.
    if ((snapshot.machine as AnyStateMachine).id !== this.#machine.id) return;
    const after = snapshot.value as StateValue;
    this.steps.push({
      before: this.#values.get(actor),
      event: inspected.event.type,
      after,
      edges: (this.#transitions.get(actor) ?? []).map(edgeIdOf),
    });
    this.#values.set(actor, after);
    this.#transitions.delete(actor);
  };

  /** The last step that an event made. */
  of(event: string): WatchedStep {
    const step = this.steps.findLast((each) => each.event === event);
    if (step === undefined) throw new Error(`the machine took no ${event}`);
    return step;
  }
}
