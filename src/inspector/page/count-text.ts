const compact = new Intl.NumberFormat("en", { notation: "compact", maximumFractionDigits: 1 });

/** A rate or a count in few characters: `0.4`, `12`, `3.1K`. */
export function countText(count: number): string {
  return compact.format(count);
}
