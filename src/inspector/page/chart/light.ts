import type { Chart } from "../../chart/chart.js";
import { activePaths, type StateValue } from "../../chart/state-value.js";

/** Lights the states of a drawn chart that are active. */
export function lightStates(drawing: Element, state: StateValue | undefined): void {
  const active = new Set(state === undefined ? [] : activePaths(state));
  for (const element of drawing.querySelectorAll<SVGElement>("[data-state]")) {
    element.classList.toggle("lit", active.has(element.dataset.state ?? ""));
  }
}

/** Marks edges as the last that were taken: their lines, and their lines of text. */
export function lightEdges(drawing: Element, edges: readonly string[]): void {
  for (const element of drawing.querySelectorAll(".taken")) element.classList.remove("taken");
  // An edge that is taken again is drawn again: a running animation restarts only after the browser has seen it end.
  drawing.getBoundingClientRect();
  const taken = new Set(edges);
  for (const line of linesOf(drawing, taken)) {
    line.classList.add("taken");
    line.closest(".edge")?.classList.add("taken");
  }
}

/** Marks the edges that some event will lead over. */
export function lightTimers(drawing: Element, chart: Chart, events: readonly string[]): void {
  const due = new Set(
    chart.edges.flatMap(({ id, on }) => (on.kind !== "always" && events.includes(on.event) ? id : [])),
  );
  for (const line of drawing.querySelectorAll(".due")) line.classList.remove("due");
  for (const line of linesOf(drawing, due)) line.classList.add("due");
}

const linesOf = (drawing: Element, ids: ReadonlySet<string>): readonly SVGElement[] =>
  [...drawing.querySelectorAll<SVGElement>("[data-edge]")].filter(({ dataset }) =>
    dataset.edge?.split(" ").some((id) => ids.has(id)),
  );
