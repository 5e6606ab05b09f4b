import type { HandlerConfig } from "./config.js";
import type { Log } from "./log.js";
import type { Payload } from "./wire.js";

/** What a request costs where nothing else is known. */
export const DEFAULT_WORKLOAD = 100;

/** Cost of a payload in units: the handler's `workloadCalculator`, or 100 where it is missing or unusable. */
export function workloadOf({ route, workloadCalculator }: HandlerConfig, payload: Payload, log: Log): number {
  if (workloadCalculator === undefined) return DEFAULT_WORKLOAD;
  try {
    const workload = workloadCalculator(payload);
    if (Number.isFinite(workload) && workload >= 0) return workload;
    log.warn(
      { route, workload: String(workload) },
      "workloadCalculator gave no number of at least 0, counting 100",
    );
  } catch (error) {
    log.warn({ route, err: error }, "workloadCalculator threw, counting 100");
  }
  return DEFAULT_WORKLOAD;
}
