import type { RequestRecord } from "../../recorder/frames.js";
import { totalOf, waitOf } from "./phases.js";

/** Which requests are shown; undefined: all. */
export interface RequestFilter {
  readonly route: string | undefined;
  readonly outcome: RequestRecord["outcome"] | undefined;
  /** Those that took that many milliseconds or more. */
  readonly atLeastMs: number;
}

/** Newest first, or the longest first by total or by wait. */
export type RequestOrder = "newest" | "total" | "wait";

const LENGTHS = {
  total: totalOf,
  // One that never came to wait stands behind one that waited for no time.
  wait: (record: RequestRecord) => waitOf(record) ?? -1,
} as const;

/**
 * The requests of a filter in an order.
 *
 * @param requests oldest first.
 */
export function requestList(
  requests: readonly RequestRecord[],
  { route, outcome, atLeastMs }: RequestFilter,
  order: RequestOrder,
): readonly RequestRecord[] {
  const list = requests.filter(
    (record) =>
      (route === undefined || record.route === route) &&
      (outcome === undefined || record.outcome === outcome) &&
      totalOf(record) >= atLeastMs,
  );
  list.reverse();
  if (order === "newest") return list;
  const length = LENGTHS[order];
  // The sort is stable: of two that are equally long the newer one comes first.
  return list.sort((one, other) => length(other) - length(one));
}
