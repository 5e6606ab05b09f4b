import type { Percentiles, Sample } from "../../recorder/frames.js";
import type { Reading } from "./sample-columns.js";
import type { Unit } from "./unit-text.js";

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

/** What is drawn of the samples, in this order. */
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
