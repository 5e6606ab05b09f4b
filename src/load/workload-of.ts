import type { Payload } from "../shared/wire.js";

const DEFAULT = 100;

/** The workload of a payload where nobody says it: what it may generate, as language models have it, or 100. */
export function workloadOf({ max_tokens }: Payload): number {
  return typeof max_tokens === "number" && max_tokens >= 0 ? max_tokens : DEFAULT;
}
