import type { LoadTotals } from "./load-result.js";
import { countText, durationText } from "./quantity-text.js";

/** Lateness that an undisturbed machine stays below, in milliseconds. */
const LATE_MS = 250;

/** What one has to know before one believes the numbers. */
export function cautions({ countedTokens, notSent, latestMs, tokens }: LoadTotals): readonly string[] {
  return [
    ...(countedTokens > 0
      ? [
          `${countedTokens === tokens ? "tokens" : `${countText(countedTokens)} of ${countText(tokens)} tokens`} were counted as the pieces of text in streams, as the answers do not tell their usage`,
        ]
      : []),
    ...(notSent === 0
      ? []
      : [`${countText(notSent)} arrivals were not sent: too many requests were under way (--max-in-flight)`]),
    ...(latestMs <= LATE_MS
      ? []
      : [
          `requests were sent up to ${durationText(latestMs)} late: the machine that sends them was busy, and that is part of the latencies`,
        ]),
  ];
}
