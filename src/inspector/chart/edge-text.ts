import type { ChartEdge, EdgeTrigger } from "./chart.js";

/** An edge in words, as a statechart has them: `trigger [guard] / what is done`. */
export interface EdgeText {
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
