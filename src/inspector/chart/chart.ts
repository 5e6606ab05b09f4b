/**
 * A state machine as it is drawn: plain data that could cross a socket. Paths name states: keys joined by dots, such as
 * `draining.finishing`; the root's is empty.
 */
export interface Chart {
  /** The machine's id, such as `worker`. */
  readonly id: string;
  readonly root: ChartState;
  readonly edges: readonly ChartEdge[];
}

/** A state. */
export interface ChartState {
  readonly path: string;
  readonly key: string;
  readonly kind: "atomic" | "compound" | "parallel" | "final" | "history";
  /** Path of the child that a compound state begins in. */
  readonly initial?: string;
  /** Names of the actions done on the way in and out. */
  readonly entry: readonly string[];
  readonly exit: readonly string[];
  /** Actors that run while the machine is in this state. */
  readonly invokes: readonly string[];
  readonly children: readonly ChartState[];
}

/** A transition. */
export interface ChartEdge {
  /** Unique within the chart. */
  readonly id: string;
  readonly from: string;
  /** Undefined: nothing is left, only actions are done. */
  readonly to: string | undefined;
  /** What sets it off. */
  readonly on: EdgeTrigger;
  /** Name of the guard. */
  readonly guard?: string;
  /** Names of the actions. */
  readonly actions: readonly string[];
}

/** What sets a transition off: an event, a time, the end or the death of an invoked actor, or nothing at all. */
export type EdgeTrigger =
  | { readonly kind: "event"; readonly event: string }
  /** `delay` is its name, or milliseconds in words, such as `10 s`. `event` is what xstate sends then. */
  | { readonly kind: "after"; readonly delay: string; readonly event: string }
  | { readonly kind: "done" | "error"; readonly actor: string; readonly event: string }
  | { readonly kind: "always" };
