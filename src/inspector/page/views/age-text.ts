import { durationText } from "./duration-text.js";

/** How long something has been going on: below a minute in tenths of a second, so that its digits tick calmly. */
export function ageText(ms: number): string {
  const tenths = Math.floor(Math.max(0, ms) / 100);
  return tenths < 600 ? `${(tenths / 10).toFixed(1)} s` : durationText(ms);
}
