import type { RequestOrder } from "./request-list.js";

/** A column of the table of requests. */
export interface RequestColumn {
  readonly name: string;
  /** Class of its head; its cells have the same one. */
  readonly look?: "is-number" | "is-extra" | "is-extra is-number";
  /** What a click on its head sorts by. */
  readonly order?: RequestOrder;
}

/** The cells of a row stand in the same order. */
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
