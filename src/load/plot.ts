/** A line of a plot. */
export interface PlotLine {
  readonly name: string;
  /** A class of the page's style. */
  readonly colour: "blue" | "green" | "amber" | "red" | "violet" | "grey";
  /** One for each position on the horizontal axis; null: no value. */
  readonly values: readonly (number | null)[];
}

export interface Plot {
  readonly title: string;
  /** Description of the values in a few words. */
  readonly unit: string;
  readonly lines: readonly PlotLine[];
  /** Positions of the values on the horizontal axis, in ascending order. */
  readonly places: readonly number[];
  /** Labels of the horizontal axis. */
  readonly marks: readonly { readonly place: number; readonly text: string }[];
  /** Label of a position in the tooltip. */
  readonly placeText: (place: number) => string;
  readonly valueText: (value: number) => string;
  /** Labels of the vertical axis. */
  readonly tickText: (value: number) => string;
}

const WIDTH = 560;
const HEIGHT = 210;
const LEFT = 58;
const RIGHT = 14;
const TOP = 10;
const BOTTOM = 26;

/** A plot as an HTML figure with an SVG. Its tooltips need no script. */
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

/** An area for each position, over the whole height of the plot, with a tooltip of its values. */
function slots(
  { places, lines, placeText, valueText }: Plot,
  x: (place: number) => number,
): readonly string[] {
  const edge = (left: number | undefined, right: number | undefined, outside: number): number =>
    left === undefined || right === undefined ? outside : (x(left) + x(right)) / 2;
  return places.map((place, index) => {
    const from = edge(places[index - 1], place, LEFT);
    const until = edge(place, places[index + 1], WIDTH - RIGHT);
    const rows = lines.map(({ name, values }) => {
      const value = values[index] ?? null;
      return `${name}: ${value === null ? "–" : valueText(value)}`;
    });
    const title = [placeText(place), ...rows].join("\n");
    return (
      `<g class="slot"><rect x="${rounded(from)}" y="${TOP}" width="${rounded(until - from)}" height="${HEIGHT - TOP - BOTTOM}"/>` +
      `<path d="M${x(place)} ${TOP}V${HEIGHT - BOTTOM}"/><title>${escaped(title)}</title></g>`
    );
  });
}

/** A curve with gaps where there is no value, and a dot for each isolated value. */
function pathsOf(
  values: readonly (number | null)[],
  x: (index: number) => number,
  y: (value: number) => number,
): { readonly curve: string; readonly dots: string } {
  let curve = "";
  let dots = "";
  const exists = (index: number): boolean => (values[index] ?? null) !== null;
  for (const [index, value] of values.entries()) {
    if (value === null) continue;
    const point = `${x(index)} ${y(value)}`;
    if (exists(index - 1)) curve += `L${point}`;
    else if (exists(index + 1)) curve += `M${point}`;
    else dots += `M${point}h0`;
  }
  return { curve, dots };
}

const rounded = (value: number): number => Math.round(value * 10) / 10;

const ENTITIES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

/** A text as content or attribute of HTML. */
export const escaped = (text: string): string => text.replace(/[&<>"']/g, (each) => ENTITIES[each] ?? each);

/**
 * Round numbers from 0 up to at least `max`, with steps of 1, 2 or 5 times a power of ten.
 *
 * @param about approximate number of steps; the result has half to twice as many.
 */
export function ticksTo(max: number, about: number): readonly number[] {
  if (!(max > 0)) return [0, 1];
  const rough = max / about;
  const power = 10 ** Math.floor(Math.log10(rough));
  const factor = [1, 2, 5, 10].find((each) => each * power >= rough) ?? 10;
  const step = factor * power;
  const steps = Math.ceil(max / step - 1e-9);
  // Multiplied and rounded, because a sum of 0.1 three times is not 0.3.
  return Array.from({ length: steps + 1 }, (_, index) => Number((index * step).toPrecision(12)));
}
