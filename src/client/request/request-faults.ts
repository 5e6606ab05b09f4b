import type { RequestOptions } from "./request-options.js";

/** What is wrong with a request's numbers, all of it at once: with NaN among them a request might go on for ever. */
export function requestFaults({ cost, retry, timeoutMs }: RequestOptions): readonly string[] {
  const { attempts, withinMs, firstWaitMs, longestWaitMs } = retry || {};
  return [
    ...fault("cost", cost, "a finite number from 0 on", (value) => value >= 0 && value < Infinity),
    ...fault("timeoutMs", timeoutMs, "a number over 0", (value) => value > 0),
    ...fault("retry.attempts", attempts, "a number from 1 on", (value) => value >= 1),
    ...fault("retry.withinMs", withinMs, "a number from 0 on", (value) => value >= 0),
    ...fault("retry.firstWaitMs", firstWaitMs, "a number from 0 on", (value) => value >= 0),
    ...fault("retry.longestWaitMs", longestWaitMs, "a number from 0 on", (value) => value >= 0),
  ];
}

/** @param value is not looked at where it is left out. */
function fault(
  name: string,
  value: number | undefined,
  expected: string,
  isRight: (value: number) => boolean,
): readonly string[] {
  if (value === undefined || (typeof value === "number" && isRight(value))) return [];
  return [`${name}: expected ${expected}, got ${value}`];
}
