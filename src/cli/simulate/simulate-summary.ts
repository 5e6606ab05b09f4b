import type { SimulationSummary } from "../../engine/index.js";
import { amountText, countText, dollarsText, momentText, shareText, waitText } from "./simulate-figures.js";

/** What a simulation came to, in a few lines. */
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
    `${amountText(amount)} (${shareText(work.asked === 0 ? 0 : amount / work.asked)})`;
  const lines: readonly (readonly [string, string])[] = [
    ["simulated", `${momentText(seconds)}, seed ${seed}`],
    [
      "work",
      `${amountText(work.asked)} asked for, ${ofAsked(work.begun)} served, ${ofAsked(work.gaveUp)} given up, ${ofAsked(work.waiting)} still waiting, ${amountText(work.retried)} asked for again`,
    ],
    [
      "waits",
      `p50 ${waitText(wait.p50)}, p90 ${waitText(wait.p90)}, p99 ${waitText(wait.p99)}, longest ${waitText(wait.longest)}`,
    ],
    [
      "workers",
      `active ${countText(workers.meanActive)} on average and ${countText(workers.mostActive)} at most, inactive ${countText(workers.meanInactive)} on average, ${countText(workers.most)} at most in all`,
    ],
    [
      "changes",
      `${countText(workers.created)} created, ${countText(workers.activated)} activated, ${countText(workers.rested)} sent to rest, ${countText(workers.destroyed)} destroyed, ${countText(workers.failed)} failed`,
    ],
    ["used", `${shareText(utilisation)} of the active capacity`],
    [
      "cost",
      `${dollarsText(cost.total)} in total, ${dollarsText(cost.perMillionWorkload)} per million of workload`,
    ],
  ];
  return ["", ...lines.map(([name, text]) => `${name.padEnd(10)} ${text}`)].join("\n");
}
