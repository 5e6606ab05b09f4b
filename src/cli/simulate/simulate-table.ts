import Table from "cli-table3";
import type { SimulationSample } from "../../engine/index.js";
import { amountText, countText, dollarsText, momentText, waitText } from "./simulate-figures.js";

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
  for (const sample of everySome(samples)) {
    table.push([
      momentText(sample.at),
      amountText(sample.load),
      amountText(sample.capacity),
      countText(sample.active),
      countText(sample.inactive),
      countText(sample.rising),
      countText(sample.failed),
      waitText(sample.waitP50),
      waitText(sample.waitP99),
      amountText(sample.waiting),
      dollarsText(sample.cost),
    ]);
  }
  return table.toString();
}

/** The last sample is one of them. */
function everySome(samples: readonly SimulationSample[]): readonly SimulationSample[] {
  const every = Math.max(1, Math.ceil(samples.length / ROWS));
  return samples.filter((_, index) => (samples.length - 1 - index) % every === 0);
}
