import type { RecordedReport } from "./ledger.js";

/**
 * What the engine thinks of a worker.
 *
 * - `error`: its last report has an `error_msg`.
 * - `silent`: it has not reported for longer than allowed.
 * - `loading`: it has no capacity yet, no URL, or has not told its `loadtime`.
 * - `idle`: none of these; requests may be routed to it.
 */
export type WorkerState = "loading" | "idle" | "error" | "silent";

/** A worker as the engine sees it. */
export interface WorkerView {
  readonly id: number;
  readonly url: string;
  readonly state: WorkerState;
  /** Seconds of work ahead of a new request. Infinity without capacity. */
  readonly expectedQueue: number;
  readonly lastReport: RecordedReport;
}

interface Entry {
  readonly lastReport: RecordedReport;
  readonly hasLoaded: boolean;
  /**
   * Cost by `request_idx` of what was routed here since the last report. Reports come once a second: without
   * it all requests of one second would go to the same worker.
   */
  readonly routed: Map<number, number>;
  /** Sum of `routed`, kept because adding it up for every request would cost more than routing. */
  routedLoad: number;
}

/** How many workers are remembered; beyond that the one that has been silent for longest is forgotten. */
const MAX_WORKERS = 1000;

/**
 * The workers that have announced themselves, by their reports.
 *
 * A worker is routable when its last report is fresh, has `max_perf` over 0, a `url` and no `error_msg`, and
 * the worker has loaded: it told a `loadtime` once, or it had a `max_perf` in the first report that this engine
 * saw of it (so that a restarted engine knows workers that became ready before).
 */
export class Roster {
  /** In the order of their last reports. */
  readonly #entries = new Map<number, Entry>();
  readonly #silentAfter: number;

  /** @param silentAfter - seconds without a report after which a worker gets no more requests. */
  constructor(silentAfter: number) {
    this.#silentAfter = silentAfter;
  }

  update(report: RecordedReport): void {
    const known = this.#entries.get(report.id);
    const hasLoaded = known?.hasLoaded || report.loadtime > 0 || (known === undefined && report.max_perf > 0);
    this.#entries.delete(report.id);
    this.#entries.set(report.id, { lastReport: report, hasLoaded, routed: new Map(), routedLoad: 0 });
    if (this.#entries.size > MAX_WORKERS) {
      const [longestSilent] = this.#entries.keys();
      if (longestSilent !== undefined) this.#entries.delete(longestSilent);
    }
  }

  /** Every worker known, at epoch seconds `now`. */
  view(now: number): readonly WorkerView[] {
    return [...this.#entries.values()].map((entry) => this.#viewOf(entry, now));
  }

  /**
   * Takes the routable worker with the shortest expected queue and notes the request's cost on it.
   * A request that was noted before (it asks again) moves: it never counts twice.
   */
  assign(requestIdx: number, cost: number, now: number): WorkerView | undefined {
    let best: Entry | undefined;
    for (const entry of this.#entries.values()) {
      entry.routedLoad -= entry.routed.get(requestIdx) ?? 0;
      entry.routed.delete(requestIdx);
      if (this.#stateOf(entry, now) !== "idle") continue;
      if (best === undefined || expectedQueue(entry) < expectedQueue(best)) best = entry;
    }
    if (best === undefined) return undefined;
    best.routed.set(requestIdx, cost);
    best.routedLoad += cost;
    return this.#viewOf(best, now);
  }

  /** One line that tells how many workers are in which state. */
  summary(now: number): string {
    const counts: Record<WorkerState, number> = { loading: 0, idle: 0, error: 0, silent: 0 };
    for (const { state } of this.view(now)) counts[state] += 1;
    const states = Object.entries(counts).map(([state, count]) => `${count} ${state}`);
    return `${this.#entries.size} workers: ${states.join(", ")}`;
  }

  #viewOf(entry: Entry, now: number): WorkerView {
    return {
      id: entry.lastReport.id,
      url: entry.lastReport.url,
      state: this.#stateOf(entry, now),
      expectedQueue: expectedQueue(entry),
      lastReport: entry.lastReport,
    };
  }

  #stateOf({ lastReport, hasLoaded }: Entry, now: number): WorkerState {
    if (now - lastReport.receivedAt > this.#silentAfter) return "silent";
    if (lastReport.error_msg !== "") return "error";
    return lastReport.max_perf > 0 && lastReport.url !== "" && hasLoaded ? "idle" : "loading";
  }
}

function expectedQueue({ lastReport, routedLoad }: Entry): number {
  if (lastReport.max_perf <= 0) return Number.POSITIVE_INFINITY;
  return (lastReport.cur_load + routedLoad) / lastReport.max_perf;
}
