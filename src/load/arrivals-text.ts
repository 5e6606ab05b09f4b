import type { LoadConfig } from "./load-result.js";
import { amountText, countText } from "./quantity-text.js";

/** How requests arrive, in words. */
export function arrivalsText(arrivals: LoadConfig["arrivals"]): string {
  if (arrivals.kind === "closed") return `${countText(arrivals.concurrency)} at a time`;
  return `${arrivals.profile}, ${amountText(arrivals.rps)}/s`;
}
