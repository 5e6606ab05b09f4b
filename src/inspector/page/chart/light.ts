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

/** Pixels of the circle around a number of the trail. */
const BADGE = 8;

/**
 * Marks the edges of the last transitions, and writes their numbers on them: 1 is the newest.
 *
 * @param trail edges of each transition, the newest first.
 */
export function lightTrail(drawing: Element, trail: readonly (readonly string[])[]): void {
  for (const badge of drawing.querySelectorAll(".trail-badge")) badge.remove();
  for (const edge of drawing.querySelectorAll(".trail")) edge.classList.remove("trail");
  const numbers = new Map<SVGElement, number[]>();
  for (const [index, edges] of trail.entries()) {
    for (const line of linesOf(drawing, new Set(edges))) {
      // The lines of a label are marked as one; those of a state's box each for themselves.
      const marked = line.closest<SVGElement>(".edge") ?? line;
      const own = numbers.get(marked) ?? [];
      if (own.at(-1) !== index + 1) numbers.set(marked, [...own, index + 1]);
    }
  }
  for (const [marked, own] of numbers) {
    marked.classList.add("trail");
    marked.style.setProperty(
      "--fresh",
      `${100 - (75 * ((own[0] ?? 1) - 1)) / Math.max(1, trail.length - 1)}%`,
    );
    const place = marked.querySelector<SVGGraphicsElement>(".label") ?? marked;
    if (place instanceof SVGGraphicsElement) addBadge(drawing, place.getBBox(), own.join(" "));
  }
}

function addBadge(drawing: Element, { x, y }: DOMRect, text: string): void {
  const width = 2 * BADGE + 7 * (text.length - 1);
  const badge = svgElement("g", { class: "trail-badge" });
  const attributes = { x: x - width + 4, y: y - BADGE, width, height: 2 * BADGE, rx: BADGE };
  const label = svgElement("text", { x: x + 4 - width / 2, y: y + 4 });
  label.textContent = text;
  badge.append(svgElement("rect", attributes), label);
  drawing.querySelector("svg")?.append(badge);
}

function svgElement(name: string, attributes: Readonly<Record<string, string | number>>): SVGElement {
  const element = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, `${value}`);
  return element;
}

/** Finds the states and the events whose name has a text, whatever its case, in the order in which they are drawn. */
export function findNames(drawing: Element, text: string): readonly SVGElement[] {
  const wanted = text.trim().toLowerCase();
  if (wanted === "") return [];
  const named = drawing.querySelectorAll<SVGElement>(".state > .title, .line[data-edge]");
  return [...named].filter((element) => element.textContent?.toLowerCase().includes(wanted));
}

/** Marks what was found, and the one of it that is shown. */
export function lightFound(
  drawing: Element,
  found: readonly SVGElement[],
  current: SVGElement | undefined,
): void {
  for (const element of drawing.querySelectorAll(".found")) element.classList.remove("found", "shown");
  for (const element of found) element.classList.add("found");
  current?.classList.add("shown");
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
