import Table from "cli-table3";
import type { RecordedEnd, RecordedReport } from "tsworker/engine";

/** How many of the newest reports are shown: enough for the story, not for a day. */
const SHOWN = 20;

/** Borders without colours: the table is read in files, too. */
const PLAIN = { head: [], border: [], compact: true } satisfies Table.TableConstructorOptions["style"];

/**
 * The status reports as a table.
 *
 * @param since - epoch seconds from which times count.
 */
export function reportTable(reports: readonly RecordedReport[], since: number): string {
  const head = ["at s", "loadtime", "cur_load", "new_load", "cur_perf", "max_perf", "working", "error"];
  const table = new Table({ head, colAligns: head.map(() => "right"), style: PLAIN });
  for (const report of reports.slice(-SHOWN)) {
    table.push([
      (report.receivedAt - since).toFixed(1),
      number(report.loadtime),
      number(report.cur_load),
      number(report.new_load),
      number(report.cur_perf),
      number(report.max_perf),
      number(report.num_requests_working),
      report.error_msg.slice(0, 30) || "·",
    ]);
  }
  return indented(table.toString());
}

/** The ended requests as a table. */
export function endedTable(ended: readonly RecordedEnd[]): string {
  const head = ["request_idx", "status", "waited s", "ran s"];
  const table = new Table({ head, colAligns: ["right", "left", "right", "right"], style: PLAIN });
  for (const end of ended.slice(-SHOWN)) {
    table.push([end.request_idx, end.status, seconds(waited(end)), seconds(ran(end))]);
  }
  return indented(table.toString());
}

/** Seconds that a request waited for its turn; undefined when it never had one. */
export function waited({ entered_queue_at, work_started_at }: RecordedEnd): number | undefined {
  return work_started_at > 0 ? work_started_at - entered_queue_at : undefined;
}

/** Seconds that a request ran; undefined when it did not run to its end. */
export function ran({ work_started_at, work_completed_at }: RecordedEnd): number | undefined {
  return work_started_at > 0 && work_completed_at > 0 ? work_completed_at - work_started_at : undefined;
}

/** Seconds for people; a dot for what never was. */
export function seconds(value: number | undefined): string {
  return value === undefined ? "·" : value.toFixed(3);
}

/** A number with one decimal at most; a dot for 0, so that the others stand out. */
function number(value: number): string {
  return value === 0 ? "·" : String(Math.round(value * 10) / 10);
}

function indented(text: string): string {
  return text.replace(/^/gm, "  ");
}
