import type { LoadTotals } from "./load-result.js";
import { countText, durationText } from "./quantity-text.js";

/** Lateness that an undisturbed machine stays below, in milliseconds. */
const LATE_MS = 250;

/** What one has to know before one believes the numbers. */
export function cautions({ notSent, latestMs }: LoadTotals): readonly string[] {
  return [
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
