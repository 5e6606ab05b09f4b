import type { EndedRequest, WorkerStatus } from "../../shared/wire.js";
import { BoundedList } from "../bounded-list.js";
import type { WorkergroupBroken } from "../machines/workergroup.js";
import type { Plan } from "../scaling/fleet.js";

/**
 * The logs of an endpoint or a workergroup by their names on the wire: `info0` has changes of workers and failures, `info1` the
 * same and plans, `trace` routing and ends of requests, `debug` reports.
 */
export const LOGS = ["info0", "info1", "trace", "debug"] as const;
export type LogName = (typeof LOGS)[number];

/** Lines kept of each. */
const KEPT = 1000;

/** The newest lines of the logs of an endpoint or a workergroup. */
export class EndpointLog {
  readonly #lines: Readonly<Record<LogName, BoundedList<string>>> = {
    info0: new BoundedList(KEPT),
    info1: new BoundedList(KEPT),
    trace: new BoundedList(KEPT),
    debug: new BoundedList(KEPT),
  };

  write(log: LogName, text: string): void {
    const line = `${new Date().toISOString()} ${text}`;
    this.#lines[log].push(line);
    if (log === "info0") this.#lines.info1.push(line);
  }

  /** The newest lines of each, oldest first, as one text. */
  tail(count: number): Readonly<Record<LogName, string>> {
    const tailOf = (log: LogName): string => this.#lines[log].items.slice(-count).join("\n");
    return { info0: tailOf("info0"), info1: tailOf("info1"), trace: tailOf("trace"), debug: tailOf("debug") };
  }
}

/** A line about a plan; undefined: it changes nothing. */
export function planLine(plan: Plan): string | undefined {
  const { activate, redirect, deactivate, release, replace, recruit, wanted } = plan;
  const changes = [activate, redirect, deactivate, release, replace].flat().length;
  if (changes + recruit.active + recruit.inactive === 0) return undefined;
  const ids = (workers: readonly { readonly id: number }[]): string => workers.map(({ id }) => id).join();
  return (
    `recruit ${recruit.active} active, ${recruit.inactive} inactive; activate ${activate}; ` +
    `redirect ${ids(redirect)}; deactivate ${deactivate}; release ${release}; ` +
    `replace ${ids(replace)}: ${wanted.reason}`
  );
}

/** A line about a workergroup that creates no more workers. */
export const brokenLine = ({ id, failures, lastFailure }: WorkergroupBroken): string =>
  `workergroup ${id}: ${failures} workers failed in a row, the last one because: ` +
  `${lastFailure?.message}. No worker is created for 5 minutes; ` +
  "mend the cause, and set the endpoint active to try at once";

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
