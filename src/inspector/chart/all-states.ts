import type { ChartState } from "./chart.js";

/** A state and all within it, parents before their children, in the order of the definition. */
export function allStates(state: ChartState): readonly ChartState[] {
  return [state, ...state.children.flatMap(allStates)];
}
