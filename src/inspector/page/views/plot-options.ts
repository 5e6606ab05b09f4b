import type uPlot from "uplot";
import { unitText } from "./format.js";
import { lonely, type SampleChart } from "./sample-charts.js";

/** Seconds of the past that are shown: as many as there are, within these. */
const SPAN = { least: 60, most: 600 } as const;

/** Pixels left of every chart, so that their times are above each other. */
const LEFT = 58;

/** Where charts share their cursor. */
const SYNC = "samples";

/** Steps of an axis that counts bytes. */
const POWERS_OF_TWO = Array.from({ length: 50 }, (_none, exponent) => 2 ** exponent);

const two = (value: number): string => String(value).padStart(2, "0");

/** @param step between two times of the axis, in seconds. */
const timeText = (seconds: number, step: number): string => {
  const date = new Date(seconds * 1000);
  const minutes = `${two(date.getHours())}:${two(date.getMinutes())}`;
  return step < 60 ? `${minutes}:${two(date.getSeconds())}` : minutes;
};

const rangeOf = (first: number | null, last: number | null): [number, number] => {
  const to = last ?? SPAN.least;
  return [to - Math.min(Math.max(to - (first ?? to), SPAN.least), SPAN.most), to];
};

/** How a chart is drawn. Colours are read for every drawing, because they change with the theme. */
export function plotOptions(
  { lines, unit }: SampleChart,
  color: (token: string) => string,
  onCursor: (index: number | undefined) => void,
): Omit<uPlot.Options, "width" | "height"> {
  const axis: uPlot.Axis = {
    stroke: () => color("--muted"),
    grid: { stroke: () => color("--line"), width: 1 },
    ticks: { show: false },
    font: "10px system-ui, sans-serif",
  };
  return {
    legend: { show: false },
    padding: [8, 10, 0, 0],
    cursor: {
      y: false,
      sync: { key: SYNC, setSeries: false },
      drag: { x: false, y: false, setScale: false },
      points: { size: 6 },
    },
    hooks: { setCursor: [({ cursor }) => onCursor(cursor.idx ?? undefined)] },
    scales: {
      x: { time: true, range: (_plot, min, max) => rangeOf(min, max) },
      // A value that is always zero still needs a height.
      y: { range: (_plot, _min, max) => [0, Math.max((max ?? 0) * 1.1, unit === "%" ? 0.1 : 1)] },
    },
    axes: [
      {
        ...axis,
        size: 22,
        gap: 4,
        space: 70,
        values: (_plot, splits, _axis, _space, step) => splits.map((split) => timeText(split, step)),
      },
      {
        ...axis,
        size: LEFT,
        gap: 6,
        space: 26,
        ...(unit === "bytes" ? { incrs: POWERS_OF_TWO } : {}),
        values: (_plot, splits) => splits.map((value) => unitText(value, unit)),
      },
    ],
    series: [
      {},
      ...lines.map((line) => ({
        label: line.label,
        stroke: () => color(line.color),
        width: 1.5,
        spanGaps: false,
        points: {
          show: true,
          size: 3,
          fill: () => color(line.color),
          filter: (plot: uPlot, series: number) => lonely(plot.data[series] ?? []),
        },
      })),
    ],
  };
}
