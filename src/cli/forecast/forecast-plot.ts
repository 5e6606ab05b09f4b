import type { SimulationResult, SimulationSample } from "../../engine/index.js";
import { ticksTo } from "../../load/plot.js";
import { compactText, dollarsText, momentText, waitText } from "./forecast-report.js";

interface Line {
  readonly name: string;
  /** Class of the style sheet. */
  readonly hue: "blue" | "green" | "grey" | "amber" | "red";
  readonly of: (sample: SimulationSample) => number;
  /** The area below it is tinted. */
  readonly isFilled?: true;
  /** It does not affect the panel's scale, and may be cut off at the top. */
  readonly isClipped?: true;
}

interface Panel {
  readonly title: string;
  readonly lines: readonly Line[];
  readonly text: (value: number) => string;
}

const PANELS: readonly Panel[] = [
  {
    title: "Workload per second",
    text: compactText,
    lines: [
      { name: "capacity", hue: "green", of: ({ capacity }) => capacity },
      { name: "wanted", hue: "grey", of: ({ wantedCapacity }) => wantedCapacity, isClipped: true },
      { name: "load", hue: "blue", of: ({ load }) => load, isFilled: true },
    ],
  },
  {
    title: "Workers",
    text: compactText,
    lines: [
      { name: "active", hue: "green", of: ({ active }) => active, isFilled: true },
      { name: "inactive", hue: "grey", of: ({ inactive }) => inactive },
      { name: "rising", hue: "amber", of: ({ rising }) => rising },
      { name: "failed", hue: "red", of: ({ failed }) => failed },
    ],
  },
  {
    title: "Waits",
    text: waitText,
    lines: [
      { name: "p99", hue: "red", of: ({ waitP99 }) => waitP99, isFilled: true },
      { name: "p50", hue: "blue", of: ({ waitP50 }) => waitP50 },
    ],
  },
  {
    title: "Workload that waits at the engine",
    text: compactText,
    lines: [{ name: "waiting", hue: "amber", of: ({ waiting }) => waiting, isFilled: true }],
  },
  {
    title: "Cost since the beginning",
    text: (dollars) => (dollars >= 100 ? `$${compactText(dollars)}` : dollarsText(dollars)),
    lines: [{ name: "dollars", hue: "blue", of: ({ cost }) => cost, isFilled: true }],
  },
];

const CSS = `
.plot { --paper: #ffffff; --line: #e2e8f0; --ink: #0f172a; --soft: #64748b; --blue: #2563eb; --green: #059669; --grey: #64748b; --amber: #d97706; --red: #dc2626; }
@media (prefers-color-scheme: dark) {
  .plot { --paper: #0d1117; --line: #252c36; --ink: #e6edf3; --soft: #8b98a9; --blue: #60a5fa; --green: #34d399; --grey: #8b98a9; --amber: #fbbf24; --red: #f87171; }
}
.plot { background: var(--paper); }
.plot text { font: 11px system-ui, -apple-system, "Segoe UI", Roboto, "DejaVu Sans", sans-serif; fill: var(--soft); font-variant-numeric: tabular-nums; }
.plot .heading { font-size: 15px; font-weight: 600; fill: var(--ink); }
.plot .title { font-size: 12px; font-weight: 600; fill: var(--ink); }
.plot .value { text-anchor: end; }
.plot .time { text-anchor: middle; }
.plot .grid { stroke: var(--line); stroke-width: 1; shape-rendering: crispEdges; }
.plot .curve { fill: none; stroke: var(--hue); stroke-width: 1.5; stroke-linejoin: round; }
.plot .ground { fill: var(--hue); opacity: 0.12; }
.plot .swatch { fill: var(--hue); }
${["blue", "green", "grey", "amber", "red"].map((hue) => `.plot .${hue} { --hue: var(--${hue}); }`).join("\n")}
`;

const WIDTH = 960;
const LEFT = 64;
const RIGHT = 36;
const TOP = 64;
const PANEL = 130;
const GAP = 52;
const BOTTOM = 36;
/** Width of an entry. */
const LEGEND = 72;
const INNER = WIDTH - LEFT - RIGHT;

/** Plots a simulation as a self-contained SVG, light or dark by the reader's preference. */
export function plotOf({ samples, summary }: SimulationResult): string {
  const height = TOP + PANELS.length * (PANEL + GAP) - GAP + BOTTOM;
  const { seconds, seed, wait, cost } = summary;
  const heading = `${momentText(seconds)} simulated, seed ${seed}: waits p50 ${waitText(wait.p50)}, p99 ${waitText(wait.p99)}; ${dollarsText(cost.total)}`;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" class="plot" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" role="img">`,
    `<title>${heading}</title>`,
    `<style>${CSS}</style>`,
    `<rect width="${WIDTH}" height="${height}" style="fill: var(--paper)"/>`,
    `<text class="heading" x="${LEFT}" y="28">${heading}</text>`,
    ...PANELS.map((panel, index) => panelOf(panel, samples, seconds, TOP + index * (PANEL + GAP))),
    "</svg>\n",
  ].join("\n");
}

function panelOf(panel: Panel, samples: readonly SimulationSample[], seconds: number, top: number): string {
  const measured = panel.lines.filter(({ isClipped }) => !isClipped);
  const most = measured.reduce((high, { of }) => Math.max(high, ...samples.map(of)), 0);
  const values = ticksTo(most, 4);
  const highest = values.at(-1) ?? 1;
  const times = timeTicks(seconds, 12);
  const x = (at: number): number => LEFT + (INNER * at) / seconds;
  const y = (value: number): number => top + PANEL * (1 - Math.min(1, value / highest));
  return [
    `<g>`,
    `<text class="title" x="${LEFT}" y="${top - 12}">${panel.title}</text>`,
    ...legend(panel.lines, top - 12),
    ...values.map(
      (value) =>
        `<path class="grid" d="M${LEFT} ${place(y(value))}h${INNER}"/><text class="value" x="${LEFT - 8}" y="${place(y(value) + 4)}">${panel.text(value)}</text>`,
    ),
    ...times.map(
      (at) =>
        `<text class="time" x="${place(x(at))}" y="${top + PANEL + 16}">${timeText(at, times[1] ?? seconds)}</text>`,
    ),
    ...panel.lines.map((line) => curve(line, samples, x, y)),
    "</g>",
  ].join("\n");
}

function curve(
  { of, hue, isFilled, name }: Line,
  samples: readonly SimulationSample[],
  x: (at: number) => number,
  y: (value: number) => number,
): string {
  const points = samples.map((sample) => `${place(x(sample.at))} ${place(y(of(sample)))}`).join("L");
  const [first, last] = [samples[0]?.at ?? 0, samples.at(-1)?.at ?? 0];
  const ground = isFilled
    ? `<path class="ground" d="M${place(x(first))} ${place(y(0))}L${points}L${place(x(last))} ${place(y(0))}Z"/>`
    : "";
  return `<g class="${hue}" data-line="${name}">${ground}<path class="curve" d="M${points}"/></g>`;
}

/** In the order of the lines, up to the right margin. */
function legend(lines: readonly Line[], baseline: number): readonly string[] {
  return lines.map(({ name, hue }, index) => {
    const left = WIDTH - RIGHT - (lines.length - index) * LEGEND;
    return `<g class="${hue}"><rect class="swatch" x="${left}" y="${baseline - 6}" width="10" height="3" rx="1.5"/><text x="${left + 15}" y="${baseline}">${name}</text></g>`;
  });
}

/** To a tenth of a pixel. */
const place = (pixels: number): string => String(Math.round(pixels * 10) / 10);

/** Intervals of a time axis, in seconds. */
const TIME_STEPS = [
  1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10_800, 21_600, 43_200, 86_400,
];

/** At most `count` round moments from 0 to `last`. */
function timeTicks(last: number, count: number): readonly number[] {
  const days = 86_400 * Math.ceil(last / count / 86_400);
  const step = TIME_STEPS.find((seconds) => last / seconds <= count) ?? days;
  return Array.from({ length: Math.floor(last / step) + 1 }, (_, index) => index * step);
}

/** A moment in the largest unit in which the interval is whole. */
function timeText(seconds: number, step: number): string {
  if (step % 3600 === 0) return `${seconds / 3600} h`;
  if (step % 60 === 0) return `${seconds / 60} min`;
  return `${seconds} s`;
}
