/** A duration in milliseconds in as many digits as one reads: `3.1 ms`, `312 ms`, `1.24 s`, `105 s`. */
export function durationText(milliseconds: number): string {
  if (milliseconds < 9.95) return `${milliseconds.toFixed(1)} ms`;
  if (milliseconds < 999.5) return `${milliseconds.toFixed(0)} ms`;
  return `${(milliseconds / 1000).toFixed(milliseconds < 99_950 ? 2 : 0)} s`;
}

/** A rate or an amount: one decimal below 100, thousands with commas above. */
export function amountText(amount: number): string {
  return amount.toLocaleString("en", { maximumFractionDigits: Math.abs(amount) < 99.95 ? 1 : 0 });
}

/** A number of things. */
export const countText = (count: number): string => count.toLocaleString("en");
