import type { Box, LaidOutChart, LaidOutEdge, LaidOutState, Point, TextLine } from "./layout.js";
import { INSET, LABEL_INSET, LINE_HEIGHT, TITLE_HEIGHT } from "./text-lines.js";

/** How a chart is drawn. */
interface Drawing {
  /** Style sheet that the picture carries itself; without it the page around it has one. */
  readonly css?: string;
}

/**
 * Draws a chart as SVG. States have the attribute `data-state`, their path; lines of text of edges have
 * `data-edge`, the ids of all edges that they represent, separated by spaces.
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

/** Indentation of a line that continues the one before. */
const INDENT = 14;
/** From a line's top to its baseline. */
const BASELINE = 11;

function drawnLines(lines: readonly TextLine[], x: number, y: number): readonly string[] {
  return lines.map(({ edges, isContinued, when, does }, index) => {
    const data = edges.length === 0 ? "" : ` data-edge="${escaped(edges.join(" "))}"`;
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

/** Pixels that a corner is rounded by, where there is room. */
const RADIUS = 6;
const HEAD_LENGTH = 8;
const HEAD_HALF_WIDTH = 4;

/** An edge's line as SVG path data, up to the back of its head, with rounded corners. */
function edgePath(points: readonly Point[]): string {
  const [first, ...rest] = points;
  const last = rest.at(-1);
  if (first === undefined || last === undefined) return "";
  const corners = rest.slice(0, -1).map((corner, index) => {
    const before = points[index] ?? first;
    const after = points[index + 2] ?? last;
    const radius = Math.min(RADIUS, distance(before, corner) / 2, distance(corner, after) / 2);
    return `L${at(towards(corner, before, radius))} Q${at(corner)} ${at(towards(corner, after, radius))}`;
  });
  return [`M${at(first)}`, ...corners, `L${at(towards(last, points.at(-2) ?? first, HEAD_LENGTH - 1))}`].join(
    " ",
  );
}

/** The arrow's head at an edge's end. */
function edgeHead(points: readonly Point[]): string {
  const tip = points.at(-1);
  const before = points.at(-2);
  if (tip === undefined || before === undefined) return "";
  const back = towards(tip, before, HEAD_LENGTH);
  const share = HEAD_HALF_WIDTH / HEAD_LENGTH;
  const [dx, dy] = [(back.y - tip.y) * share, (tip.x - back.x) * share];
  const sides = [1, -1].map((side) => at({ x: back.x + side * dx, y: back.y + side * dy }));
  return `M${at(tip)} L${sides.join(" L")} Z`;
}

const distance = (from: Point, to: Point): number => Math.hypot(to.x - from.x, to.y - from.y);

/** The point that is so many pixels from one point in the direction of another. */
function towards(from: Point, to: Point, pixels: number): Point {
  const share = pixels / (distance(from, to) || 1);
  return { x: from.x + (to.x - from.x) * share, y: from.y + (to.y - from.y) * share };
}

const at = ({ x, y }: Point): string => `${tenths(x)} ${tenths(y)}`;

const tenths = (length: number): number => Math.round(length * 10) / 10;

/** Style sheet of a chart in a file of its own: light or dark by the reader's preference. */
export const FILE_CSS = `
.chart { --paper: #ffffff; --box: #f8fafc; --deep: #f1f5f9; --line: #cbd5e1; --way: #64748b; --ink: #0f172a; --soft: #64748b; }
@media (prefers-color-scheme: dark) {
  .chart { --paper: #0d1117; --box: #161b22; --deep: #11161d; --line: #3b4554; --way: #8b98a9; --ink: #e6edf3; --soft: #8b98a9; }
}
.chart { background: var(--paper); }
.chart text { font: 11px ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace; fill: var(--ink); }
.chart .title { font: 600 13px system-ui, -apple-system, "Segoe UI", Roboto, "DejaVu Sans", sans-serif; }
.chart .does, .chart .mark text { fill: var(--soft); }
.chart .mark text { text-anchor: middle; }
.chart .box { fill: var(--box); stroke: var(--line); }
.chart .compound > .box, .chart .parallel > .box { fill: var(--deep); }
.chart .region > .box { stroke-dasharray: 5 4; }
.chart .mark > .box { fill: var(--paper); stroke-dasharray: 3 3; }
.chart .state[data-state=""] > .box { fill: var(--paper); }
.chart .inner { fill: none; stroke: var(--line); }
.chart .label { fill: var(--paper); stroke: var(--line); stroke-width: 0.75; }
.chart .way { fill: none; stroke: var(--way); stroke-width: 1.2; }
.chart .head, .chart .dot { fill: var(--way); }
`;
