import type { Percentiles, Sample } from "../../recorder/frames.js";
import type { Unit } from "./format.js";

/** A colour of the page. */
export type Token = "--accent" | "--good" | "--warn" | "--bad" | "--muted";

/** A line of a chart. */
export interface Line {
  readonly label: string;
  readonly color: Token;
  readonly read: Reading;
}

/** A chart: values of one unit over time. */
export interface SampleChart {
  readonly title: string;
  readonly unit: Unit;
  readonly lines: readonly Line[];
}

const outcome = (label: keyof Sample["outcomes"], color: Token): Line => ({
  label,
  color,
  read: ({ outcomes }) => outcomes[label],
});

const percentiles = (title: string, of: (sample: Sample) => Percentiles | null): SampleChart => ({
  title,
  unit: "ms",
  lines: [
    { label: "p50", color: "--accent", read: (sample) => of(sample)?.p50 },
    { label: "p99", color: "--warn", read: (sample) => of(sample)?.p99 },
  ],
});

/** The charts, in the order in which they are shown. */
export const SAMPLE_CHARTS: readonly SampleChart[] = [
  {
    title: "Load",
    unit: "units",
    lines: [
      { label: "open", color: "--accent", read: ({ openLoad }) => openLoad },
      { label: "ahead", color: "--warn", read: ({ loadAhead }) => loadAhead },
    ],
  },
  {
    title: "Capacity",
    unit: "units/s",
    lines: [{ label: "measured", color: "--accent", read: ({ capacity }) => capacity }],
  },
  {
    title: "Throughput",
    unit: "requests/s",
    lines: [
      outcome("success", "--good"),
      outcome("error", "--bad"),
      outcome("rejected", "--warn"),
      outcome("cancelled", "--muted"),
    ],
  },
  {
    title: "Queues",
    unit: "requests",
    lines: [
      { label: "waiting", color: "--warn", read: ({ waiting }) => waiting },
      { label: "running", color: "--accent", read: ({ running }) => running },
    ],
  },
  percentiles("Wait", ({ wait }) => wait),
  percentiles("First byte", ({ firstByte }) => firstByte),
  percentiles("Latency", ({ latency }) => latency),
  {
    title: "Sessions",
    unit: "sessions",
    lines: [{ label: "open", color: "--accent", read: ({ sessions }) => sessions }],
  },
  {
    title: "Reports",
    unit: "reports/s",
    lines: [
      { label: "delivered", color: "--good", read: ({ reports }) => reports.delivered },
      { label: "failed", color: "--bad", read: ({ reports }) => reports.failed },
    ],
  },
  { title: "CPU", unit: "%", lines: [{ label: "of a core", color: "--accent", read: ({ cpu }) => cpu }] },
  {
    title: "Memory",
    unit: "bytes",
    lines: [{ label: "resident", color: "--accent", read: ({ memory }) => memory }],
  },
];

/** Reads a value from a sample; null or undefined: there was none. */
export type Reading = (sample: Sample) => number | null | undefined;

/** Times and values as they are drawn: row by row, each column as long as the others. */
export interface Columns {
  /** Epoch seconds. */
  readonly times: readonly number[];
  /** Of every reading; null: a gap. */
  readonly values: readonly (readonly (number | null)[])[];
}

/** Milliseconds between two samples that belong together: with more, one is missing. */
const LONGEST = 2500;

/** The times of samples, and one within each pause, so that no line is drawn across it. */
function rowsOf(samples: readonly Sample[]): readonly (readonly [number, Sample | undefined])[] {
  return samples.flatMap((sample, index): (readonly [number, Sample | undefined])[] => {
    const before = samples[index - 1];
    const row = [sample.at / 1000, sample] as const;
    if (before === undefined || sample.at - before.at <= LONGEST) return [row];
    return [[(before.at + sample.at) / 2000, undefined], row];
  });
}

/** Samples by reading instead of by time. */
export function columnsOf(samples: readonly Sample[], readings: readonly Reading[]): Columns {
  const rows = rowsOf(samples);
  return {
    times: rows.map(([time]) => time),
    values: readings.map((read) =>
      rows.map(([, sample]) => {
        const value = sample === undefined ? null : read(sample);
        return typeof value === "number" && Number.isFinite(value) ? value : null;
      }),
    ),
  };
}

/** Indexes of values without neighbours: no line leads there, so that they need a point of their own. */
export function lonely(values: ArrayLike<number | null | undefined>): number[] {
  const has = (index: number): boolean => typeof values[index] === "number";
  return Array.from(values, (_value, index) => index).filter(
    (index) => has(index) && !has(index - 1) && !has(index + 1),
  );
}
