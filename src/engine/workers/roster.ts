import { type RecordedReport, weightOf } from "./ledger.js";

/**
 * What the engine thinks of a worker.
 *
 * - `error`: its last report has an `error_msg`.
 * - `silent`: it has not reported for longer than allowed.
 * - `loading`: it has no capacity yet, no URL, or has not told its `loadtime`.
 * - `idle`: none of these; requests may be routed to it.
 */
export type WorkerState = "loading" | "idle" | "error" | "silent";

/** What a worker's reports come to. */
export interface Reported {
  readonly id: number;
  readonly url: string;
  readonly state: WorkerState;
  /** Seconds of work ahead of a new request. Infinity without capacity. */
  readonly expectedQueue: number;
  /** Workload of its requests that have not ended, those on their way to it included. */
  readonly load: number;
  readonly lastReport: RecordedReport;
}

/** What decides about a routing beside the workers' reports. */
export interface Terms {
  /** Seconds of expected queue beyond which a worker gets no more. @default Infinity */
  readonly maxQueueTime?: number;
  /** Whether the worker with this id may be given requests. Default: all may. */
  readonly serves?: (id: number) => boolean;
}

interface Entry {
  readonly lastReport: RecordedReport;
  /** When it came. */
  readonly at: number;
  readonly hasLoaded: boolean;
  /**
   * Cost by `request_idx` of what was routed here since the last report. Reports come once a second: without
   * it all requests of one second would go to the same worker.
   */
  readonly routed: Map<number, number>;
  /** Sum of `routed`, kept because adding it up for every request would cost more than routing. */
  routedLoad: number;
}

/** How many workers are remembered. */
const MAX_WORKERS = 1000;
/** Most that their last reports may weigh, in bytes. */
const MOST_BYTES = 64 * 1024 * 1024;

/**
 * The workers that have announced themselves, by their reports.
 *
 * A worker is routable when its last report is fresh, has `max_perf` over 0, a `url` and no `error_msg`, and
 * the worker has loaded: it told a `loadtime` once, or it had a `max_perf` in the first report that this
 * engine saw of it (so that a restarted engine knows workers that became ready before).
 */
export class Roster {
  /** In the order of their last reports. */
  readonly #entries = new Map<number, Entry>();
  /** Workers that were started by the engine and have not told their `loadtime` yet. */
  readonly #toLoad = new Set<number>();
  readonly #silentAfter: number;
  /** What the last reports weigh, in bytes. */
  #weight = 0;

  /** @param silentAfter - seconds without a report after which a worker gets no more requests. */
  constructor(silentAfter: number) {
    this.#silentAfter = silentAfter;
  }

  /**
   * Whether a worker that is not known yet may come. Where there are too many, it takes the place of one that gets no
   * requests; one that does is not pushed out.
   */
  hasRoom(now: number): boolean {
    return this.#entries.size < MAX_WORKERS || this.#unready(now) !== undefined;
  }

  /**
   * Where there are too many workers, those are forgotten that get no requests, and then any; of these the one that has
   * been silent for longest.
   *
   * @param at when it came: in seconds of a clock that never jumps, as all times here.
   * @returns the ids of the workers that were forgotten.
   */
  update(report: RecordedReport, at: number): readonly number[] {
    const known = this.#entries.get(report.id);
    if (report.loadtime > 0) this.#toLoad.delete(report.id);
    const wasReady = known === undefined && report.max_perf > 0 && !this.#toLoad.has(report.id);
    // A capacity is kept until the process ends: without one, it is another process, which has yet to load.
    const hasLoaded = (known?.hasLoaded && report.max_perf > 0) || report.loadtime > 0 || wasReady;
    this.#drop(report.id);
    this.#entries.set(report.id, { lastReport: report, at, hasLoaded, routed: new Map(), routedLoad: 0 });
    this.#weight += weightOf(report);
    const forgotten: number[] = [];
    while (this.#entries.size > MAX_WORKERS || (this.#weight > MOST_BYTES && this.#entries.size > 1)) {
      const [longestSilent] = this.#entries.keys();
      const id = this.#unready(at, report.id) ?? longestSilent;
      if (id === undefined) break;
      this.forget(id);
      forgotten.push(id);
    }
    return forgotten;
  }

  /** Of the workers that get no requests the one that has been silent for longest. @param but this one. */
  #unready(now: number, but?: number): number | undefined {
    for (const [id, entry] of this.#entries) {
      if (id !== but && this.#stateOf(entry, now) !== "idle") return id;
    }
    return undefined;
  }

  #drop(id: number): void {
    const entry = this.#entries.get(id);
    if (entry === undefined) return;
    this.#entries.delete(id);
    this.#weight -= weightOf(entry.lastReport);
  }

  /** Every worker known, at `now`. */
  view(now: number): readonly Reported[] {
    return [...this.#entries.values()].map((entry) => this.#viewOf(entry, now));
  }

  /** What a worker's reports come to; undefined: it has not reported. */
  reported(id: number, now: number): Reported | undefined {
    const entry = this.#entries.get(id);
    return entry && this.#viewOf(entry, now);
  }

  /** Forgets a worker. One of the same id that reports later is a new one, which has yet to load. */
  restart(id: number): void {
    this.#drop(id);
    this.#toLoad.add(id);
  }

  /** Forgets a worker for good. */
  forget(id: number): void {
    this.#drop(id);
    this.#toLoad.delete(id);
  }

  /**
   * Takes the routable worker with the shortest expected queue and notes the request's cost on it.
   * A request that was noted before (it asks again) moves: it never counts twice.
   */
  assign(requestIdx: number, cost: number, now: number, terms: Terms = {}): Reported | undefined {
    let best: Entry | undefined;
    for (const entry of this.#entries.values()) {
      entry.routedLoad -= entry.routed.get(requestIdx) ?? 0;
      entry.routed.delete(requestIdx);
      if (!this.#takes(entry, now, terms)) continue;
      if (best === undefined || expectedQueue(entry) < expectedQueue(best)) best = entry;
    }
    if (best === undefined) return undefined;
    best.routed.set(requestIdx, cost);
    best.routedLoad += cost;
    return this.#viewOf(best, now);
  }

  /** Workload that routable workers take before all have reached the longest queue that is allowed. */
  room(now: number, terms: Terms): number {
    let room = 0;
    for (const entry of this.#entries.values()) {
      if (!this.#takes(entry, now, terms)) continue;
      room +=
        ((terms.maxQueueTime ?? Number.POSITIVE_INFINITY) - expectedQueue(entry)) * entry.lastReport.max_perf;
    }
    return room;
  }

  #viewOf(entry: Entry, now: number): Reported {
    return {
      id: entry.lastReport.id,
      url: entry.lastReport.url,
      state: this.#stateOf(entry, now),
      expectedQueue: expectedQueue(entry),
      load: entry.lastReport.cur_load + entry.routedLoad,
      lastReport: entry.lastReport,
    };
  }

  #takes(entry: Entry, now: number, { maxQueueTime = Number.POSITIVE_INFINITY, serves }: Terms): boolean {
    if (this.#stateOf(entry, now) !== "idle" || expectedQueue(entry) > maxQueueTime) return false;
    return serves === undefined || serves(entry.lastReport.id);
  }

  #stateOf({ lastReport, at, hasLoaded }: Entry, now: number): WorkerState {
    if (now - at > this.#silentAfter) return "silent";
    if (lastReport.error_msg !== "") return "error";
    return lastReport.max_perf > 0 && lastReport.url !== "" && hasLoaded ? "idle" : "loading";
  }
}

function expectedQueue({ lastReport, routedLoad }: Entry): number {
  if (lastReport.max_perf <= 0) return Number.POSITIVE_INFINITY;
  return (lastReport.cur_load + routedLoad) / lastReport.max_perf;
}
