import type { ReportedCondition } from "../machines/worker-events.js";
import { type RecordedReport, weightOf } from "../workers/ledger.js";
import { type Probe, Reachability } from "./reachability.js";

/**
 * Condition of a worker by its reports.
 *
 * - `error`: its last report has an `error_msg`.
 * - `silent`: it has not reported for longer than allowed.
 * - `loading`: it has no capacity yet, no URL, or has not reported its `loadtime`.
 * - `unreachable`: clients could not reach it, and it does not answer the engine.
 * - `idle`: none of these; requests may be routed to it.
 */
type ReportedState = "loading" | "idle" | "error" | "silent" | "unreachable";

/** A worker by its reports. */
export interface ReportedWorker {
  readonly id: number;
  readonly url: string;
  readonly state: ReportedState;
  /** Seconds of work ahead of a new request. Infinity without capacity. */
  readonly expectedQueue: number;
  /** Workload of its requests that have not ended, including those routed since its last report. */
  readonly load: number;
  readonly lastReport: RecordedReport;
}

/** Conditions of routing beside the workers' reports. */
export interface RoutingTerms {
  /** Seconds of expected queue beyond which a worker gets no more. @default Infinity */
  readonly maxQueueTime?: number;
  /** Whether the worker with this id may be given requests. Default: all may. */
  readonly serves?: (id: number) => boolean;
  /** The last assignment of a request that asks again: another worker is preferred. */
  readonly previous?: Assignment | undefined;
}

/** A request that was sent to a worker. */
export interface Assignment {
  readonly workerId: number;
  readonly url: string;
  /** Seconds of a monotonic clock. */
  readonly at: number;
}

interface Entry {
  readonly lastReport: RecordedReport;
  /** When it was received. */
  readonly at: number;
  readonly hasLoaded: boolean;
  /**
   * Cost by `request_idx` of the requests routed here since the last report. Reports come once a second: without it,
   * all requests of one second would go to the same worker.
   */
  readonly routed: Map<number, number>;
  /** Sum of `routed`. */
  routedLoad: number;
  readonly reach: Reachability;
}

const MAX_WORKERS = 1000;
/** Limit on the size of their last reports, in bytes. */
const MAX_BYTES = 64 * 1024 * 1024;
/** Seconds after an assignment in which a request that asks again has not reached its worker. */
const SOON = 10;

/** Preference of a worker for a request: the lowest first, and of equal ones the shortest queue. */
const RANK = { reachable: 0, previousButAlive: 1, suspect: 2, previous: 3, unreachable: 4 };

/**
 * The workers that have reported, and what was routed to them since.
 *
 * A worker is routable when its last report is fresh, has `max_perf` over 0, a `url` and no `error_msg`, and the worker
 * has loaded: it has reported a `loadtime`, or the first report that this engine got of it had a `max_perf` (it became
 * ready before the engine was restarted).
 */
export class RoutingTable {
  /** In the order of their last reports. */
  readonly #entries = new Map<number, Entry>();
  /** Workers that the engine started and that have not reported their `loadtime` yet. */
  readonly #toLoad = new Set<number>();
  readonly #silentAfter: number;
  readonly #probe: Probe | undefined;
  /** Size of the last reports, in bytes. */
  #weight = 0;

  /**
   * @param silentAfter - seconds without a report after which a worker gets no more requests.
   * @param probe - default: workers are never probed.
   */
  constructor(silentAfter: number, probe?: Probe) {
    this.#silentAfter = silentAfter;
    this.#probe = probe;
  }

  /**
   * Whether an unknown worker can be added. At the limit it takes the place of a worker that gets no requests, never of
   * one that does.
   */
  hasRoom(now: number): boolean {
    return this.#entries.size < MAX_WORKERS || this.#unready(now) !== undefined;
  }

  /**
   * Records a report. Beyond the limits, workers that get no requests are forgotten, then any; the one that has been silent
   * for longest first.
   *
   * @param at - seconds of a monotonic clock, as all times here.
   * @returns the ids of the workers that were forgotten.
   */
  update(report: RecordedReport, at: number): readonly number[] {
    const known = this.#entries.get(report.id);
    if (report.loadtime > 0) this.#toLoad.delete(report.id);
    const wasReady = known === undefined && report.max_perf > 0 && !this.#toLoad.has(report.id);
    // A process keeps its capacity: a report without one is that of a new process, which has yet to load.
    const hasLoaded = (known?.hasLoaded && report.max_perf > 0) || report.loadtime > 0 || wasReady;
    this.#drop(report.id);
    this.#entries.set(report.id, {
      lastReport: report,
      at,
      hasLoaded,
      routed: new Map(),
      routedLoad: 0,
      reach: new Reachability(report.url, at, this.#probe),
    });
    this.#weight += weightOf(report);
    const forgotten: number[] = [];
    while (this.#entries.size > MAX_WORKERS || (this.#weight > MAX_BYTES && this.#entries.size > 1)) {
      const [longestSilent] = this.#entries.keys();
      const id = this.#unready(at, report.id) ?? longestSilent;
      if (id === undefined) break;
      this.forget(id);
      forgotten.push(id);
    }
    return forgotten;
  }

  /** Of the workers that get no requests, except `but`, the one that has been silent for longest. */
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

  /** All workers. */
  view(now: number): readonly ReportedWorker[] {
    return [...this.#entries.values()].map((entry) => this.#viewOf(entry, now));
  }

  /** A worker by its reports; undefined: it has not reported. */
  reported(id: number, now: number): ReportedWorker | undefined {
    const entry = this.#entries.get(id);
    return entry && this.#viewOf(entry, now);
  }

  /** Forgets a worker whose id a new process has, which has yet to load. */
  restart(id: number): void {
    this.#drop(id);
    this.#toLoad.add(id);
  }

  forget(id: number): void {
    this.#drop(id);
    this.#toLoad.delete(id);
  }

  /**
   * Routes a request to the routable worker with the shortest expected queue, and adds its cost there. The cost of a
   * request that was routed before moves. Workers that clients did not reach come last, and a request does not get the
   * worker that it did not reach again while another one is ready.
   */
  assign(
    requestIdx: number,
    cost: number,
    now: number,
    terms: RoutingTerms = {},
  ): ReportedWorker | undefined {
    let best: Entry | undefined;
    let bestRank = Number.POSITIVE_INFINITY;
    let isOtherReady = false;
    for (const entry of this.#entries.values()) {
      entry.routedLoad -= entry.routed.get(requestIdx) ?? 0;
      entry.routed.delete(requestIdx);
      if (!this.#isReady(entry, now, terms)) continue;
      if (entry.reach.isUnreachable) entry.reach.check(now);
      const rank = rankOf(entry, terms.previous);
      isOtherReady ||= rank < RANK.previous;
      if (entry.reach.isLost || expectedQueue(entry) > (terms.maxQueueTime ?? Number.POSITIVE_INFINITY))
        continue;
      if (rank > bestRank) continue;
      if (best !== undefined && rank === bestRank && expectedQueue(entry) >= expectedQueue(best)) continue;
      best = entry;
      bestRank = rank;
    }
    if (best === undefined || (bestRank === RANK.previous && isOtherReady)) return undefined;
    best.routed.set(requestIdx, cost);
    best.routedLoad += cost;
    best.reach.assign(now);
    return this.#viewOf(best, now);
  }

  /** A request asks again, and has not ended at the worker that it was sent to. */
  missed(requestIdx: number, { workerId, url, at }: Assignment, now: number): void {
    const entry = this.#entries.get(workerId);
    if (entry === undefined || entry.lastReport.url !== url) return;
    if (entry.lastReport.working_request_idxs.includes(requestIdx)) return;
    if (now - at <= SOON || !entry.reach.isAliveSince(at)) entry.reach.fail(now);
  }

  /** Workload until all routable workers have the longest allowed queue. */
  room(now: number, terms: RoutingTerms): number {
    const { maxQueueTime = Number.POSITIVE_INFINITY } = terms;
    let room = 0;
    for (const entry of this.#entries.values()) {
      if (entry.reach.isLost || !this.#isReady(entry, now, terms)) continue;
      room += Math.max(0, maxQueueTime - expectedQueue(entry)) * entry.lastReport.max_perf;
    }
    return room;
  }

  #viewOf(entry: Entry, now: number): ReportedWorker {
    return {
      id: entry.lastReport.id,
      url: entry.lastReport.url,
      state: entry.reach.isLost ? "unreachable" : this.#stateOf(entry, now),
      expectedQueue: expectedQueue(entry),
      load: entry.lastReport.cur_load + entry.routedLoad,
      lastReport: entry.lastReport,
    };
  }

  #isReady(entry: Entry, now: number, { serves }: RoutingTerms): boolean {
    return this.#stateOf(entry, now) === "idle" && (serves === undefined || serves(entry.lastReport.id));
  }

  #stateOf({ lastReport, at, hasLoaded }: Entry, now: number): ReportedState {
    if (now - at > this.#silentAfter) return "silent";
    if (lastReport.error_msg !== "") return "error";
    return lastReport.max_perf > 0 && lastReport.url !== "" && hasLoaded ? "idle" : "loading";
  }
}

function rankOf({ lastReport, reach }: Entry, previous: Assignment | undefined): number {
  const isPrevious = previous?.workerId === lastReport.id && previous.url === lastReport.url;
  if (reach.isUnreachable) return isPrevious ? RANK.unreachable + 1 : RANK.unreachable;
  if (isPrevious) return reach.isAliveSince(previous.at) ? RANK.previousButAlive : RANK.previous;
  return reach.isSuspect ? RANK.suspect : RANK.reachable;
}

function expectedQueue({ lastReport, routedLoad }: Entry): number {
  if (lastReport.max_perf <= 0) return Number.POSITIVE_INFINITY;
  return (lastReport.cur_load + routedLoad) / lastReport.max_perf;
}

/** The condition in a report, for the worker's actor. */
export function conditionOf({ state, lastReport }: ReportedWorker): ReportedCondition {
  if (lastReport.error_msg !== "") return { condition: "failed", message: lastReport.error_msg };
  if (state === "idle") return { condition: "ready" };
  return { condition: lastReport.max_perf > 0 ? "measured" : "loading" };
}
