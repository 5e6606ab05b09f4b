import { escaped } from "./escaped.js";
import { ticksTo } from "./ticks.js";

/** A line of a plot. */
export interface PlotLine {
  readonly name: string;
  /** Its colour, as the page's style has it. */
  readonly colour: "blue" | "green" | "amber" | "red" | "violet" | "grey";
  /** One for each place on the horizontal axis; null: there is none. */
  readonly values: readonly (number | null)[];
}

export interface Plot {
  readonly title: string;
  /** What the values are, in a few words. */
  readonly unit: string;
  readonly lines: readonly PlotLine[];
  /** Where the values stand on the horizontal axis, in ascending order. */
  readonly places: readonly number[];
  /** What is written below the horizontal axis, and where. */
  readonly marks: readonly { readonly place: number; readonly text: string }[];
  /** A place in words. */
  readonly placeText: (place: number) => string;
  readonly valueText: (value: number) => string;
  /** The round values on the vertical axis. */
  readonly tickText: (value: number) => string;
}

const WIDTH = 560;
const HEIGHT = 210;
const LEFT = 58;
const RIGHT = 14;
const TOP = 10;
const BOTTOM = 26;

/** A plot as a figure of HTML with an SVG in it, whose values show where the pointer is, without a script. */
export function plotFigure(plot: Plot): string {
  const { title, unit, lines, places, marks, tickText } = plot;
  const first = places[0] ?? 0;
  const last = Math.max(first + 1e-9, places.at(-1) ?? 1);
  const values = lines.flatMap((line) => line.values.filter((value) => value !== null));
  const ticks = ticksTo(Math.max(0, ...values), 4);
  const top = ticks.at(-1) ?? 1;
  const x = (place: number): number =>
    rounded(LEFT + ((place - first) / (last - first)) * (WIDTH - LEFT - RIGHT));
  const y = (value: number): number => rounded(HEIGHT - BOTTOM - (value / top) * (HEIGHT - TOP - BOTTOM));
  const grid = ticks.map(
    (tick) =>
      `<path class="grid" d="M${LEFT} ${y(tick)}H${WIDTH - RIGHT}"/>` +
      `<text class="tick" x="${LEFT - 8}" y="${y(tick) + 3.5}" text-anchor="end">${escaped(tickText(tick))}</text>`,
  );
  const below = marks.map(
    ({ place, text }) =>
      `<text class="tick" x="${x(place)}" y="${HEIGHT - 8}" text-anchor="${x(place) > WIDTH - RIGHT - 12 ? "end" : "middle"}">${escaped(text)}</text>`,
  );
  const curves = lines.map(({ values: of, colour }) => {
    const { curve, dots } = pathsOf(of, (index) => x(places[index] ?? 0), y);
    return `<path class="line ${colour}" d="${curve}"/><path class="line dots ${colour}" d="${dots}"/>`;
  });
  return `<figure>
<figcaption><b>${escaped(title)}</b> <span class="unit">${escaped(unit)}</span><span class="legend">${lines
    .map(({ name, colour }) => `<span class="key ${colour}">${escaped(name)}</span>`)
    .join("")}</span></figcaption>
<svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${escaped(title)}">
${grid.join("")}${below.join("")}
${curves.join("\n")}
${slots(plot, x).join("")}
</svg>
</figure>`;
}

/** A stretch for each place, over all of the plot's height, that tells its values. */
function slots(
  { places, lines, placeText, valueText }: Plot,
  x: (place: number) => number,
): readonly string[] {
  const edge = (left: number | undefined, right: number | undefined, outside: number): number =>
    left === undefined || right === undefined ? outside : (x(left) + x(right)) / 2;
  return places.map((place, index) => {
    const from = edge(places[index - 1], place, LEFT);
    const until = edge(place, places[index + 1], WIDTH - RIGHT);
    const told = lines.map(({ name, values }) => {
      const value = values[index] ?? null;
      return `${name}: ${value === null ? "–" : valueText(value)}`;
    });
    const title = [placeText(place), ...told].join("\n");
    return (
      `<g class="slot"><rect x="${rounded(from)}" y="${TOP}" width="${rounded(until - from)}" height="${HEIGHT - TOP - BOTTOM}"/>` +
      `<path d="M${x(place)} ${TOP}V${HEIGHT - BOTTOM}"/><title>${escaped(title)}</title></g>`
    );
  });
}

/** A curve that is broken where there is no value, and a dot for each value that stands alone. */
function pathsOf(
  values: readonly (number | null)[],
  x: (index: number) => number,
  y: (value: number) => number,
): { readonly curve: string; readonly dots: string } {
  let curve = "";
  let dots = "";
  const isThere = (index: number): boolean => (values[index] ?? null) !== null;
  for (const [index, value] of values.entries()) {
    if (value === null) continue;
    const point = `${x(index)} ${y(value)}`;
    if (isThere(index - 1)) curve += `L${point}`;
    else if (isThere(index + 1)) curve += `M${point}`;
    else dots += `M${point}h0`;
  }
  return { curve, dots };
}

const rounded = (value: number): number => Math.round(value * 10) / 10;
