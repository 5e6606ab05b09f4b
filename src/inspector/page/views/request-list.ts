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
  // A request that never waited sorts behind one that waited for no time.
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

/** A column of the table of requests. */
interface RequestColumn {
  readonly name: string;
  /** Class of its head; its cells have the same one. */
  readonly look?: "is-number" | "is-extra" | "is-extra is-number";
  /** Sort key of a click on its head. */
  readonly order?: RequestOrder;
}

/** The cells of a row are in the same order. */
export const REQUEST_COLUMNS: readonly RequestColumn[] = [
  { name: "Time", order: "newest" },
  { name: "Request" },
  { name: "Route" },
  { name: "Queue", look: "is-extra" },
  { name: "Session", look: "is-extra" },
  { name: "Workload", look: "is-extra is-number" },
  { name: "Outcome" },
  { name: "Status", look: "is-number" },
  { name: "Wait", look: "is-number", order: "wait" },
  { name: "Total", look: "is-number", order: "total" },
  { name: "Where its time went" },
];
