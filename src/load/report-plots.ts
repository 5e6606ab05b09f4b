import type { LoadPoint, LoadResult } from "./load-result.js";
import { type Plot, ticksTo } from "./plot.js";
import { amountText, durationText, durationTick } from "./result-text.js";

/** Maximum number of points of a line, which limits the size of the page. */
const POINTS = 400;

type Numbers = readonly (number | null)[];

/** The plots of a report. */
export function reportPlots({ series, totals, percentiles }: LoadResult): readonly Plot[] {
  const size = Math.ceil(series.length / POINTS);
  const groups = Array.from({ length: Math.ceil(series.length / Math.max(1, size)) }, (_, index) =>
    series.slice(index * size, (index + 1) * size),
  );
  /** Mean of a group of seconds. */
  const mean = (of: (point: LoadPoint) => number): Numbers =>
    groups.map((group) => group.reduce((sum, point) => sum + of(point), 0) / group.length);
  /** Maximum of a group: a mean of percentiles would be no percentile. */
  const worst = (of: (point: LoadPoint) => number | undefined): Numbers =>
    groups.map((group) => {
      const known = group.map(of).filter((value) => value !== undefined);
      return known.length === 0 ? null : Math.max(...known);
    });
  const time = {
    places: groups.map(([point]) => point?.second ?? 0),
    marks: ticksTo(Math.max(1, series.length - 1), 6)
      .filter((second) => Number.isInteger(second) && second <= series.length - 1)
      .map((second) => ({ place: second, text: secondText(second) })),
    placeText: (second: number) => (size > 1 ? `${secondText(second)}, ${size} s` : secondText(second)),
  };
  const durations = (of: "latencyMs" | "firstByteMs"): Plot["lines"] => [
    { name: "p99", colour: "red", values: worst((point) => point[of]?.p99) },
    { name: "p90", colour: "amber", values: worst((point) => point[of]?.p90) },
    { name: "p50", colour: "blue", values: worst((point) => point[of]?.p50) },
  ];
  const countsTokens = totals.events === 0;
  return [
    {
      title: "Requests",
      unit: "per second",
      ...time,
      valueText: amountText,
      tickText: amountText,
      lines: [
        { name: "due", colour: "grey", values: mean(({ due }) => due) },
        { name: "sent", colour: "blue", values: mean(({ sent }) => sent) },
        { name: "done", colour: "green", values: mean(({ succeeded }) => succeeded) },
        { name: "errors", colour: "red", values: mean(({ failed }) => failed) },
      ],
    },
    {
      title: "In flight",
      unit: "requests at the end of each second",
      ...time,
      valueText: amountText,
      tickText: amountText,
      lines: [{ name: "in flight", colour: "violet", values: mean(({ inFlight }) => inFlight) }],
    },
    {
      title: "Latency",
      unit: "until the end of the answer",
      ...time,
      valueText: durationText,
      tickText: durationTick,
      lines: durations("latencyMs"),
    },
    {
      title: "First byte",
      unit: "until the answer begins",
      ...time,
      valueText: durationText,
      tickText: durationTick,
      lines: durations("firstByteMs"),
    },
    {
      title: countsTokens ? "Tokens" : "Events",
      unit: "per second",
      ...time,
      valueText: amountText,
      tickText: amountText,
      lines: [
        countsTokens
          ? { name: "tokens", colour: "blue", values: mean(({ tokens }) => tokens) }
          : { name: "events", colour: "blue", values: mean(({ events }) => events) },
      ],
    },
    percentilePlot(percentiles, totals.succeeded),
  ];
}

/** The distribution of latencies, with a horizontal axis that is logarithmic towards the slowest ones. */
function percentilePlot(percentiles: LoadResult["percentiles"], count: number): Plot {
  const place = (percent: number): number => -Math.log10(1 - percent / 100);
  // Percentiles above 100 - 100/count are all the maximum.
  const shown = percentiles.filter(({ percent }) => (1 - percent / 100) * count > 1 - 1e-6);
  const last = shown.at(-1)?.percent ?? 0;
  return {
    title: "Latency by percentile",
    unit: "of all successful requests",
    places: shown.map(({ percent }) => place(percent)),
    marks: [0, 50, 75, 90, 99, 99.9, 99.99]
      .filter((percent) => percent <= last)
      .map((percent) => ({ place: place(percent), text: percentText(percent) })),
    placeText: (at) => percentText(Math.round((1 - 10 ** -at) * 1e6) / 1e4),
    valueText: durationText,
    tickText: durationTick,
    lines: [{ name: "latency", colour: "blue", values: shown.map(({ latencyMs }) => latencyMs) }],
  };
}

const percentText = (percent: number): string => (percent === 0 ? "min" : `p${percent}`);

function secondText(second: number): string {
  if (second < 120) return `${second} s`;
  return `${Math.floor(second / 60)}:${String(second % 60).padStart(2, "0")} min`;
}
