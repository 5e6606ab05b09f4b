import type { ScalingParameters } from "./scaling-parameters.js";

/**
 * Parameters of scaling as they are to be checked when some of them are said anew. What is said to be null is
 * left as it was, as clients do that name every parameter; only `inactivity_timeout` can be taken away so.
 *
 * @param parameters those of before.
 */
export function changedScaling(
  { cold_workers, target_queue_time, ...others }: ScalingParameters,
  said: Readonly<Record<string, unknown>>,
): Readonly<Record<string, unknown>> {
  const change = withoutNulls(said);
  return {
    ...others,
    // Each gives way to what takes its place: another name of it, and a limit that it would be beyond.
    ...(change.min_workers === undefined && { cold_workers }),
    ...(!(Number(change.max_queue_time) < target_queue_time) && { target_queue_time }),
    ...change,
    ...(said.inactivity_timeout === null && { inactivity_timeout: null }),
  };
}

/** What is said of an input in which null and nothing mean the same. */
export function withoutNulls(said: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  return Object.fromEntries(
    Object.entries(said).filter(([, value]) => value !== undefined && value !== null),
  );
}
