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
  /** Names of the entry and exit actions. */
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
  /** Its trigger. */
  readonly on: EdgeTrigger;
  /** Name of the guard. */
  readonly guard?: string;
  /** Names of the actions. */
  readonly actions: readonly string[];
}

/** Trigger of a transition: an event, a delay, the end or the failure of an actor, or none. */
export type EdgeTrigger =
  | { readonly kind: "event"; readonly event: string }
  /** `delay` is its name, or milliseconds in words, such as `10 s`. `event` is what xstate sends then. */
  | { readonly kind: "after"; readonly delay: string; readonly event: string }
  | { readonly kind: "done" | "error"; readonly actor: string; readonly event: string }
  | { readonly kind: "always" };

/** A path's states from the root on, without itself. */
export function ancestors(path: string): readonly string[] {
  if (path === "") return [];
  const keys = path.split(".");
  return keys.map((_, index) => keys.slice(0, index).join("."));
}

/** A path is of a state within another one. */
export const isWithin = (path: string, other: string): boolean =>
  path !== other && (other === "" || path.startsWith(`${other}.`));

/** A state and all within it, parents before their children, in the order of the definition. */
export function allStates(state: ChartState): readonly ChartState[] {
  return [state, ...state.children.flatMap(allStates)];
}

/** An edge in words, as a statechart has them: `trigger [guard] / what is done`. */
interface EdgeText {
  /** Empty where nothing but the guard sets it off. */
  readonly trigger: string;
  /** In brackets; empty where there is none. */
  readonly guard: string;
  /** Names of the actions. */
  readonly does: readonly string[];
}

/** How an edge is labelled. */
export function edgeText({ on, guard, actions }: ChartEdge): EdgeText {
  const trigger = triggerText(on);
  if (guard !== undefined) return { trigger, guard: `[${guard}]`, does: actions };
  return { trigger: trigger === "" ? "at once" : trigger, guard: "", does: actions };
}

function triggerText(on: EdgeTrigger): string {
  switch (on.kind) {
    case "event":
      return on.event;
    case "after":
      return `after ${on.delay}`;
    case "done":
      return `${actorText(on.actor)} done`;
    case "error":
      return `${actorText(on.actor)} failed`;
    case "always":
      return "";
  }
}

const actorText = (actor: string): string => (actor === "*" ? "any actor" : actor);

/** The machines that a worker is made of, by their ids: to name them takes none of their code. */
export const MACHINE_NAMES = ["worker", "model", "key", "reporter", "session"] as const;

/** One of {@link MACHINE_NAMES}. */
export type MachineName = (typeof MACHINE_NAMES)[number];
