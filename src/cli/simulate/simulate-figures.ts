const compact = new Intl.NumberFormat("en", { notation: "compact", maximumSignificantDigits: 3 });
const whole = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });
const cents = new Intl.NumberFormat("en", { minimumFractionDigits: 2, maximumFractionDigits: 2 });

/** 1,234,000 is `1.23M`. */
export const amountText = (amount: number): string => compact.format(amount);

/** A number of things, or of their mean. */
export const countText = (count: number): string => whole.format(count);

export const dollarsText = (dollars: number): string => `$${cents.format(dollars)}`;

export const shareText = (share: number): string => `${(100 * share).toFixed(1)} %`;

/** How long somebody waited. */
export const waitText = (seconds: number): string =>
  seconds >= 100 ? `${seconds.toFixed(0)} s` : `${Number(seconds.toPrecision(3))} s`;

/** A moment of the simulation, as hours, minutes and seconds from its beginning. */
export function momentText(seconds: number): string {
  const total = Math.round(seconds);
  const parts = [Math.floor(total / 3600), Math.floor(total / 60) % 60, total % 60];
  return parts.map((part) => String(part).padStart(2, "0")).join(":");
}
