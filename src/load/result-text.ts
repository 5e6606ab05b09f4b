import type { LoadConfig, LoadTotals } from "./load-result.js";

/** A duration in milliseconds, rounded for reading: `3.1 ms`, `312 ms`, `1.24 s`, `105 s`. */
export function durationText(milliseconds: number): string {
  if (milliseconds < 9.95) return `${milliseconds.toFixed(1)} ms`;
  if (milliseconds < 999.5) return `${milliseconds.toFixed(0)} ms`;
  return `${(milliseconds / 1000).toFixed(milliseconds < 99_950 ? 2 : 0)} s`;
}

/** A round duration, without trailing zeros. */
export const durationTick = (milliseconds: number): string =>
  milliseconds === 0
    ? "0"
    : durationText(milliseconds)
        .replace(/\.?0+ s$/, " s")
        .replace(".0 ms", " ms");

/** A rate or an amount: one decimal below 100, thousands with commas above. */
export function amountText(amount: number): string {
  return amount.toLocaleString("en", { maximumFractionDigits: Math.abs(amount) < 99.95 ? 1 : 0 });
}

/** A number of things. */
export const countText = (count: number): string => count.toLocaleString("en");

/** A text of a server without line breaks, and without control characters for the terminal. */
export const singleLine = (text: string): string => text.replace(/\p{Cc}+/gu, " ").trim();

/** The kind of arrivals and their rate. */
export function arrivalsText(arrivals: LoadConfig["arrivals"]): string {
  if (arrivals.kind === "closed") return `${countText(arrivals.concurrency)} at a time`;
  return `${arrivals.profile}, ${amountText(arrivals.rps)}/s`;
}

/** Delay in sending, in milliseconds, that an idle machine stays below. */
const LATE_MS = 250;

/** Reasons to distrust the numbers of a result. */
export function resultWarnings(totals: LoadTotals): readonly string[] {
  const { countedTokens, notSent, latestMs, tokens } = totals;
  return [
    ...(countedTokens > 0
      ? [
          `${countedTokens === tokens ? "tokens" : `${countText(countedTokens)} of ${countText(tokens)} tokens`} were counted as the pieces of text in streams, as the answers do not report their usage`,
        ]
      : []),
    ...(notSent === 0
      ? []
      : [`${countText(notSent)} arrivals were not sent: too many requests were in flight (--max-in-flight)`]),
    ...(latestMs <= LATE_MS
      ? []
      : [
          `requests were sent up to ${durationText(latestMs)} late: the machine that sends them was busy, and that is part of the latencies`,
        ]),
  ];
}
