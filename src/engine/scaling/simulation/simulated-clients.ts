/** The clients of a simulation, and the queue at the engine: first in, first out. Sums in workload. */
export interface SimulatedClients {
  readonly queues: WorkerQueues;
  /** Waits of all workload that was begun. */
  readonly waits: WaitHistogram;
  readonly asked: number;
  readonly begun: number;
  /** Workload whose clients gave up. */
  readonly gaveUp: number;
  /** Workload that waits at the engine. */
  readonly waiting: number;
  /** Requests `work` between `from` and `to`, and routes what workers can take by then. */
  ask(work: number, from: number, to: number): void;
  /** Requests the work of a failed worker again. */
  askAgain(work: number, now: number): void;
  /** Waits of the workload begun since the last call. */
  takeRecent(): WaitHistogram;
}

/** The queue of an active worker. */
export interface Place {
  /** Time at which the worker has done its work. */
  readonly freeAt: number;
  /** Removes the worker. @returns the time at which it has done its work. */
  leave(): number;
}

/** The queues of active workers. Work goes to the shortest expected queue, which is free first. */
export interface WorkerQueues {
  /** @param freeAt - time at which the worker has done its work. */
  join(capacity: number, freeAt: number): Place;
}

/** Shorter waits count as 0. */
const SHORTEST = 0.001;
/** Ratio of the bounds of a bucket, and so the error of quantiles. */
const GROWTH = 1.02;

/** Waits in seconds, weighted by workload. */
export class WaitHistogram {
  readonly #buckets: number[] = [];
  #weight = 0;
  #longest = 0;

  record(wait: number, workload: number): void {
    const bucket = wait < SHORTEST ? 0 : 1 + Math.floor(Math.log(wait / SHORTEST) / Math.log(GROWTH));
    while (this.#buckets.length <= bucket) this.#buckets.push(0);
    this.#buckets[bucket] = (this.#buckets[bucket] ?? 0) + workload;
    this.#weight += workload;
    if (workload > 0) this.#longest = Math.max(this.#longest, wait);
  }

  get longest(): number {
    return this.#longest;
  }

  /** The wait that this share of the workload did not exceed; 0 when it is empty. */
  quantile(share: number): number {
    let left = share * this.#weight;
    for (const [bucket, workload] of this.#buckets.entries()) {
      left -= workload;
      if (left <= 0) return bucket === 0 ? 0 : Math.min(this.#longest, SHORTEST * GROWTH ** bucket);
    }
    return this.#longest;
  }
}
