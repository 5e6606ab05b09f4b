import type { Log } from "../../shared/log.js";
import type { Payload } from "../../shared/wire.js";
import type { Handler } from "./config-schema.js";

/** Default cost of a request. */
export const DEFAULT_WORKLOAD = 100;

/** Sums of larger values would lose the smaller ones in rounding, or overflow. */
const MAX_WORKLOAD = 1e12;

/**
 * Cost of a payload in units: from the handler's `workloadCalculator`, or 100 if it is missing, throws, or returns no
 * number from 0 to 10^12.
 */
export function workloadOf(
  { route, workloadCalculator }: Pick<Handler, "route" | "workloadCalculator">,
  payload: Payload,
  log: Log,
): number {
  if (workloadCalculator === undefined) return DEFAULT_WORKLOAD;
  try {
    const workload: unknown = workloadCalculator(payload);
    if (typeof workload === "number" && workload >= 0 && workload <= MAX_WORKLOAD) return workload;
    if (workload instanceof Promise) workload.catch(() => {});
    log.warn(
      { route, workload: String(workload) },
      `workloadCalculator gave no number from 0 to ${MAX_WORKLOAD}, counting ${DEFAULT_WORKLOAD}`,
    );
  } catch (error) {
    log.warn({ route, err: error }, `workloadCalculator threw, counting ${DEFAULT_WORKLOAD}`);
  }
  return DEFAULT_WORKLOAD;
}

/** Cost of a session, which its client announced as a number or its text; 100 if it is no number from 0 to 10^12. */
export function costOf(cost: string | number): number {
  const workload = Number(cost);
  return workload >= 0 && workload <= MAX_WORKLOAD ? workload : DEFAULT_WORKLOAD;
}
