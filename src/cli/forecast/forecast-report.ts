import Table from "cli-table3";
import type { SimulationSample, SimulationSummary } from "../../engine/index.js";
import { countText, durationTick } from "../../load/result-text.js";

const compact = new Intl.NumberFormat("en", { notation: "compact", maximumSignificantDigits: 3 });
const cents = new Intl.NumberFormat("en", { minimumFractionDigits: 2, maximumFractionDigits: 2 });

/** An amount in three digits: 1,234,000 is `1.23M`. */
export const compactText = (amount: number): string => compact.format(amount);

export const dollarsText = (dollars: number): string => `$${cents.format(dollars)}`;

const shareText = (share: number): string => `${(100 * share).toFixed(1)} %`;

/** A wait, in seconds. */
export const waitText = (seconds: number): string => durationTick(1000 * seconds);

/** A moment of the simulation, as hours, minutes and seconds from its beginning. */
export function momentText(seconds: number): string {
  const total = Math.round(seconds);
  const parts = [Math.floor(total / 3600), Math.floor(total / 60) % 60, total % 60];
  return parts.map((part) => String(part).padStart(2, "0")).join(":");
}

/** The summary of a simulation, in a few lines. */
export function summaryText({
  seconds,
  seed,
  work,
  wait,
  workers,
  utilisation,
  cost,
}: SimulationSummary): string {
  const ofAsked = (amount: number): string =>
    `${compactText(amount)} (${shareText(work.asked === 0 ? 0 : amount / work.asked)})`;
  const lines: readonly (readonly [string, string])[] = [
    ["simulated", `${momentText(seconds)}, seed ${seed}`],
    [
      "work",
      `${compactText(work.asked)} asked for, ${ofAsked(work.begun)} served, ${ofAsked(work.gaveUp)} given up, ${ofAsked(work.waiting)} still waiting, ${compactText(work.retried)} asked for again`,
    ],
    [
      "waits",
      `p50 ${waitText(wait.p50)}, p90 ${waitText(wait.p90)}, p99 ${waitText(wait.p99)}, longest ${waitText(wait.longest)}`,
    ],
    [
      "workers",
      `active ${countText(Math.round(workers.meanActive))} on average and ${countText(workers.mostActive)} at most, inactive ${countText(Math.round(workers.meanInactive))} on average, ${countText(workers.most)} at most in all`,
    ],
    [
      "changes",
      `${countText(workers.created)} created, ${countText(workers.activated)} activated, ${countText(workers.rested)} deactivated, ${countText(workers.destroyed)} destroyed, ${countText(workers.failed)} failed`,
    ],
    ["used", `${shareText(utilisation)} of the active capacity`],
    [
      "cost",
      `${dollarsText(cost.total)} in total, ${dollarsText(cost.perMillionWorkload)} per million of workload`,
    ],
  ];
  return ["", ...lines.map(([name, text]) => `${name.padEnd(10)} ${text}`)].join("\n");
}

const ROWS = 24;

/** Some of the samples, evenly over time, as a table. */
export function samplesTable(samples: readonly SimulationSample[]): string {
  const head = [
    "time",
    "load/s",
    "capacity/s",
    "active",
    "inactive",
    "rising",
    "failed",
    "p50",
    "p99",
    "waiting",
    "cost",
  ];
  const table = new Table({
    head,
    colAligns: head.map(() => "right" as const),
    style: { head: [], border: [], compact: true },
    chars: {
      top: "",
      "top-mid": "",
      "top-left": "",
      "top-right": "",
      bottom: "",
      "bottom-mid": "",
      "bottom-left": "",
      "bottom-right": "",
      left: "",
      right: "",
      mid: "",
      "left-mid": "",
      "mid-mid": "",
      "right-mid": "",
      middle: " ",
    },
  });
  for (const sample of selected(samples)) {
    table.push([
      momentText(sample.at),
      compactText(sample.load),
      compactText(sample.capacity),
      countText(sample.active),
      countText(sample.inactive),
      countText(sample.rising),
      countText(sample.failed),
      waitText(sample.waitP50),
      waitText(sample.waitP99),
      compactText(sample.waiting),
      dollarsText(sample.cost),
    ]);
  }
  return table.toString();
}

/** Every nth sample, including the last. */
function selected(samples: readonly SimulationSample[]): readonly SimulationSample[] {
  const every = Math.max(1, Math.ceil(samples.length / ROWS));
  return samples.filter((_, index) => (samples.length - 1 - index) % every === 0);
}
