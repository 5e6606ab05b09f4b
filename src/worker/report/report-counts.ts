import type { ReportKind } from "../../../machines/events.js";

/** How many reports of each kind went through since the start, and how many attempts failed. */
export type ReportCounts = Readonly<Record<ReportKind, { delivered: number; failed: number }>>;

export const newReportCounts = (): ReportCounts => ({
  status: { delivered: 0, failed: 0 },
  ended: { delivered: 0, failed: 0 },
});
