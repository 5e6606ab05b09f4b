import type { EndedRequest, WorkerStatus } from "../../shared/wire.js";
import { BoundedList } from "../bounded-list.js";

/**
 * The logs of an endpoint by their names on the wire: `info0` has changes of workers and failures, `info1` plans, `trace`
 * routing and ends of requests, `debug` reports.
 */
export const LOGS = ["info0", "info1", "trace", "debug"] as const;
export type LogName = (typeof LOGS)[number];

/** Lines kept of each. */
const KEPT = 1000;

/** The newest lines of the logs of an endpoint. */
export class EndpointLog {
  readonly #lines: Readonly<Record<LogName, BoundedList<string>>> = {
    info0: new BoundedList(KEPT),
    info1: new BoundedList(KEPT),
    trace: new BoundedList(KEPT),
    debug: new BoundedList(KEPT),
  };

  write(log: LogName, text: string): void {
    this.#lines[log].push(`${new Date().toISOString()} ${text}`);
  }

  /** The newest lines of each, oldest first, as one text. */
  tail(count: number): Readonly<Record<LogName, string>> {
    const tailOf = (log: LogName): string => this.#lines[log].items.slice(-count).join("\n");
    return { info0: tailOf("info0"), info1: tailOf("info1"), trace: tailOf("trace"), debug: tailOf("debug") };
  }
}

/** A line about a report, with its names. */
export function reportLine(report: WorkerStatus): string {
  const { id, loadtime, cur_load, new_load, rej_load, cur_perf, max_perf, num_requests_working } = report;
  const figures = { loadtime, cur_load, new_load, rej_load, cur_perf, max_perf, num_requests_working };
  return `worker ${id} reported ${figuresText(figures)}`;
}

/** A line about a request that has ended. Times are in seconds. */
export function endedLine({ request_idx, status, ...at }: EndedRequest): string {
  const { entered_queue_at, work_started_at, work_completed_at } = at;
  const waited = work_started_at > 0 && { waited: work_started_at - entered_queue_at };
  const ran = waited && work_completed_at > 0 && { ran: work_completed_at - work_started_at };
  return `request ${request_idx} ended status=${status} ${figuresText({ ...waited, ...ran })}`.trimEnd();
}

/** `name=figure`, with three decimals at most. */
function figuresText(figures: Readonly<Record<string, number>>): string {
  return Object.entries(figures)
    .map(([name, figure]) => `${name}=${Math.round(figure * 1000) / 1000}`)
    .join(" ");
}
