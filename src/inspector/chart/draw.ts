import { edgeHead, edgePath } from "./edge-path.js";
import type { Box, LaidOutChart, LaidOutEdge, LaidOutState, TextLine } from "./laid-out-chart.js";
import { INSET, LABEL_INSET, LINE_HEIGHT, TITLE_HEIGHT } from "./text-size.js";

/** How a chart is drawn. */
export interface Drawing {
  /** Style sheet that the picture carries itself; without it the page around it has one. */
  readonly css?: string;
}

/**
 * Draws a chart as SVG. States have the attribute `data-state`, their path; lines of text that tell of an edge have
 * `data-edge`, its id.
 */
export function drawChart(chart: LaidOutChart, { css }: Drawing = {}): string {
  const { id, width, height, states, edges, dots, marks } = chart;
  const names = states.slice(1).map(({ path }) => path);
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" class="chart" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img">`,
    `<title>State machine ${escaped(id)}</title>`,
    `<desc>${escaped(`Its states: ${names.join(", ")}.`)}</desc>`,
    ...(css === undefined ? [] : [`<style>${css}</style>`]),
    ...states.map(drawnState),
    ...marks.map(drawnMark),
    ...dots.map(({ x, y }) => `<circle class="dot" cx="${x}" cy="${y}" r="5"/>`),
    ...edges.map(drawnEdge),
    "</svg>\n",
  ].join("\n");
}

function drawnState({ path, title, kind, isRegion, box, lines }: LaidOutState): string {
  const classes = ["state", kind, ...(isRegion ? ["region"] : [])].join(" ");
  const inner = { x: box.x + 3, y: box.y + 3, width: box.width - 6, height: box.height - 6 };
  return [
    `<g class="${classes}" data-state="${escaped(path)}">`,
    rectangle("box", box, 8),
    ...(kind === "final" ? [rectangle("inner", inner, 5.5)] : []),
    `<text class="title" x="${box.x + INSET}" y="${box.y + 20}">${escaped(title)}</text>`,
    ...drawnLines(lines, box.x + INSET, box.y + TITLE_HEIGHT),
    "</g>",
  ].join("\n");
}

function drawnMark(box: Box): string {
  const text = `<text x="${box.x + box.width / 2}" y="${box.y + box.height / 2 + 4}">any state</text>`;
  return `<g class="mark">${rectangle("box", box, box.height / 2)}${text}</g>`;
}

function drawnEdge({ points, label, lines }: LaidOutEdge): string {
  return [
    '<g class="edge">',
    `<path class="way" pathLength="1" d="${edgePath(points)}"/><path class="head" d="${edgeHead(points)}"/>`,
    ...(label === undefined
      ? []
      : [
          rectangle("label", label, 5),
          ...drawnLines(lines, label.x + LABEL_INSET.x, label.y + LABEL_INSET.y),
        ]),
    "</g>",
  ].join("\n");
}

/** How far a line begins to the right that goes on with the one before. */
const INDENT = 14;
/** From a line's top to where its letters stand. */
const BASELINE = 11;

function drawnLines(lines: readonly TextLine[], x: number, y: number): readonly string[] {
  return lines.map(({ edge, isContinued, when, does }, index) => {
    const data = edge === undefined ? "" : ` data-edge="${escaped(edge)}"`;
    const rest = when === "" || does === "" ? does : ` ${does}`;
    const done = rest === "" ? "" : `<tspan class="does">${escaped(rest)}</tspan>`;
    const place = `x="${isContinued ? x + INDENT : x}" y="${y + BASELINE + index * LINE_HEIGHT}"`;
    return `<text class="line" ${place}${data}>${escaped(when)}${done}</text>`;
  });
}

function rectangle(kind: string, { x, y, width, height }: Box, radius: number): string {
  return `<rect class="${kind}" x="${x}" y="${y}" width="${width}" height="${height}" rx="${radius}"/>`;
}

const ENTITIES: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };

const escaped = (text: string): string =>
  text.replaceAll(/[&<>"]/g, (character) => ENTITIES[character] ?? "");
